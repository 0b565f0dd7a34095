using McpLedger.Benchmarks.Pipeline;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary>Stored records of made calls without a disk in between: composed as the ledger composes them, two to a call.</summary>
internal sealed class MadeRecords
{
    private readonly MadeCalls _calls = new(seed: 1, MadeLedger.Begin);
    private readonly ChainWriter _chain = new("bench/1/calls-0", Digest.Zero);
    private long _offset;

    /// <summary>Offset after the last record.</summary>
    public long Next => _offset;

    /// <summary>Bytes of all records so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>When the last call was made.</summary>
    public DateTimeOffset Last { get; private set; }

    public LedgerRecord[] Take(int calls)
    {
        var records = new LedgerRecord[2 * calls];
        for (var i = 0; i < calls; i++)
        {
            var (intended, completed, time) = _calls.Next();
            var subject = $"{intended.What.Server}/{intended.What.Name}";
            records[2 * i] = Compose(MadeCalls.Draft(intended, time, subject, intended.Where.Session.Id));
            records[(2 * i) + 1] = Compose(MadeCalls.Draft(completed, time, subject, intended.Where.Session.Id));
            Last = time;
        }

        return records;
    }

    private LedgerRecord Compose(EventDraft draft)
    {
        using (draft)
        {
            var bytes = new byte[_chain.MaxLength(draft.Tail.Length)];
            var length = _chain.Compose(bytes, draft.Tail.Span);
            Bytes += length;
            return new(LedgerPartition.Calls, _offset++, bytes.AsMemory(0, length));
        }
    }
}
