using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Benchmarks.Crash;

/// <summary>What the ledger says about the calls of the clients, by JSON-RPC id, read from its files while nobody writes them.</summary>
internal sealed class RecordedCalls
{
    private const int BatchBytes = 4 * 1024 * 1024;

    private readonly Dictionary<long, Trace> _traces = [];
    private long _next;

    /// <summary>Records read so far.</summary>
    public long Records { get; private set; }

    /// <summary>Calls that were announced, and never ended before a kill.</summary>
    public int Unresolved => _traces.Values.Count(trace => trace is { Intended: 1, Completed: 0 });

    /// <summary>Calls on record, refused ones included.</summary>
    public int Calls => _traces.Count;

    /// <summary>Reads what came since the last time.</summary>
    public async Task ReadOnAsync(string data)
    {
        var files = EmbeddedLedgerFiles.OpenReadOnly(data, TimeProvider.System);
        while (true)
        {
            var batch = await files.ReadAsync(LedgerPartition.Calls, _next, BatchBytes, CancellationToken.None);
            foreach (var record in batch.Records)
            {
                Take(record);
            }

            if (batch.Records.Count == 0)
            {
                // What a kill tore is behind the last whole record, and the next start cuts it off.
                return;
            }

            _next = batch.Next;
        }
    }

    /// <summary>What is missing or twice for a call that was answered; null when all is well.</summary>
    public string? Fault(long id, bool refused)
    {
        var trace = _traces.GetValueOrDefault(id);
        return (refused, trace) switch
        {
            (true, { Refused: 1, Intended: 0, Completed: 0 }) => null,
            (false, { Refused: 0, Intended: 1, Completed: 1 }) => null,
            _ => $"call {id} was {(refused ? "refused" : "answered")}, and on record are {trace.Intended} intended, {trace.Completed} completed, {trace.Refused} refused",
        };
    }

    /// <summary>Calls that are on record more than once.</summary>
    public IEnumerable<long> Doubled() => _traces.Where(trace => trace.Value.Intended > 1 || trace.Value.Completed > 1 || trace.Value.Refused > 1).Select(trace => trace.Key);

    private void Take(LedgerRecord record)
    {
        Records++;
        if (!EventReader.TryRead(record.Bytes.Span, out var read, out var fault))
        {
            throw new InvalidOperationException($"The record at {record.Offset} is no event: {fault}");
        }

        switch (read!.Data)
        {
            case CallIntended { What: { Method: "tools/call", Id: { } id } }:
                Count(id, trace => trace with { Intended = trace.Intended + 1 });
                break;
            case CallCompleted { What: { Method: "tools/call", Id: { } id } }:
                Count(id, trace => trace with { Completed = trace.Completed + 1 });
                break;
            case CallRefused { What: { Method: "tools/call", Id: { } id } }:
                Count(id, trace => trace with { Refused = trace.Refused + 1 });
                break;
            default:
                break;
        }
    }

    private void Count(RawJson id, Func<Trace, Trace> change)
    {
        var number = long.Parse(id.ToString()!, CultureInfo.InvariantCulture);
        _traces[number] = change(_traces.GetValueOrDefault(number));
    }

    private readonly record struct Trace(int Intended, int Completed, int Refused);
}
