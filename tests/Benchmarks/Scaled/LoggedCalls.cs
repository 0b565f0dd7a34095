using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Calls;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>What the log in Kafka says, read record by record from where it was read before: what became of each call of the load, and the ids of all events.</summary>
internal sealed class LoggedCalls(KafkaLedgerReader reader)
{
    private const int BatchBytes = 4 * 1024 * 1024;

    private readonly Dictionary<LedgerPartition, (long Next, List<(long Offset, Guid Id)> Events)> _partitions = reader.Partitions.ToDictionary(p => p, _ => (0L, new List<(long, Guid)>()));
    private readonly Dictionary<long, Trace> _traces = [];
    private readonly Dictionary<Guid, string> _requests = [];

    /// <summary>Records read so far.</summary>
    public long Records => _partitions.Values.Sum(p => (long)p.Events.Count);

    /// <summary>Calls of the load on record.</summary>
    public int Calls => _traces.Count;

    /// <summary>Requests of anybody that the read models list.</summary>
    public int Requests => _requests.Count;

    /// <summary>Calls that were announced and have no outcome.</summary>
    public int Unresolved => _traces.Values.Count(t => t is { Intended: > 0, Completed: 0 });

    /// <summary>Where each partition ends now.</summary>
    /// <exception cref="IOException">The brokers do not answer.</exception>
    public async Task<IReadOnlyDictionary<LedgerPartition, long>> EndsAsync()
    {
        var ends = new Dictionary<LedgerPartition, long>();
        foreach (var partition in reader.Partitions)
        {
            ends.Add(partition, (await reader.BoundsAsync(partition, CancellationToken.None)).End);
        }

        return ends;
    }

    /// <summary>Reads what came since the last time, to the end of each partition.</summary>
    public async Task ReadOnAsync()
    {
        foreach (var partition in reader.Partitions)
        {
            var (next, events) = _partitions[partition];
            while (await reader.ReadAsync(partition, next, BatchBytes, CancellationToken.None) is var batch && (batch.Records.Count > 0 || batch.Next > next || batch.Damage is not null))
            {
                if (batch.Damage is { } damage)
                {
                    throw new InvalidOperationException($"{partition} at {batch.Next}: {damage}");
                }

                foreach (var record in batch.Records)
                {
                    events.Add((record.Offset, Take(record)));
                }

                next = batch.Next;
            }

            _partitions[partition] = (next, events);
        }
    }

    /// <summary>What is wrong with a call that was answered; null when all is well.</summary>
    public string? Fault(long id) => _traces.GetValueOrDefault(id) switch
    {
        { Intended: 1, Completed: 1, Ok: 1 } => null,
        var trace => $"call {id} was answered, and on record are {trace.Intended} intended, {trace.Completed} completed ({trace.Ok} ok)",
    };

    /// <summary>Events that no client caused, or that came twice.</summary>
    public IEnumerable<string> Phantoms(long lastId)
    {
        foreach (var (id, trace) in _traces)
        {
            if (id is < CallIds.First || id > lastId)
            {
                yield return $"call {id} is on record, and nobody made it";
            }
            else if (trace.Intended > 1 || trace.Completed > 1 || trace.Intended < trace.Completed)
            {
                yield return $"call {id} is on record with {trace.Intended} intended and {trace.Completed} completed";
            }
        }

        var ids = new HashSet<Guid>();
        foreach (var (partition, (_, events)) in _partitions)
        {
            foreach (var (offset, id) in events)
            {
                if (!ids.Add(id))
                {
                    yield return $"event {id} stands in the log twice, again in {partition} at {offset}";
                }
            }
        }
    }

    /// <summary>How many events stand before these positions, and a SHA-256 over their ids, 16 bytes each, from the least on.</summary>
    public (long Events, string Sha256) DigestBefore(IReadOnlyDictionary<LedgerPartition, long> positions) =>
        Digest([.. _partitions.SelectMany(p => p.Value.Events.Where(e => e.Offset < positions[p.Key]).Select(e => e.Id))]);

    /// <summary>A SHA-256 over what became of each request: its id and how it ended, from the least id on.</summary>
    public string OutcomesDigest() => OutcomesDigest(_requests.OrderBy(static r => r.Key.ToString("D"), StringComparer.Ordinal).Select(static r => (r.Key.ToString("D"), r.Value)));

    /// <summary>The same over what a read model tells, in the order of its ids.</summary>
    public static string OutcomesDigest(IEnumerable<(string Call, string Outcome)> outcomes)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (call, outcome) in outcomes)
        {
            hash.AppendData(Encoding.UTF8.GetBytes($"{call} {outcome}\n"));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>How many ids there are, and a SHA-256 over them, 16 bytes each, from the least on.</summary>
    public static (long Events, string Sha256) Digest(List<Guid> ids)
    {
        var keys = ids.ConvertAll(static id => BinaryPrimitives.ReadUInt128BigEndian(id.ToByteArray(bigEndian: true)));
        keys.Sort();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> bytes = stackalloc byte[16];
        foreach (var key in keys)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes, key);
            hash.AppendData(bytes);
        }

        return (keys.Count, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }

    private Guid Take(in LedgerRecord record)
    {
        if (!EventReader.TryRead(record.Bytes.Span, out var read, out var fault))
        {
            throw new InvalidOperationException($"The record at {record.Partition} {record.Offset} is no event: {fault}");
        }

        switch (read!.Data)
        {
            case CallIntended intended:
                _requests.TryAdd(intended.Call.Value, CallFold.Unresolved);
                Count(intended.What, trace => trace with { Intended = trace.Intended + 1 });
                break;
            case CallCompleted completed:
                _requests[completed.Call.Value] = SearchDocuments.NameOf(completed.Outcome);
                Count(completed.What, trace => trace with { Completed = trace.Completed + 1, Ok = trace.Ok + (completed.Outcome == CallOutcome.Ok ? 1 : 0) });
                break;
            case CallRefused refused:
                _requests[refused.Call.Value] = CallFold.Refused;
                break;
            default:
                break;
        }

        return read.Header.Id.Value;
    }

    private void Count(CallTarget what, Func<Trace, Trace> change)
    {
        if (what is { Method: "tools/call", Id: { } id })
        {
            var number = long.Parse(id.ToString()!, CultureInfo.InvariantCulture);
            _traces[number] = change(_traces.GetValueOrDefault(number));
        }
    }

    private readonly record struct Trace(int Intended, int Completed, int Ok);
}
