using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Tests.Sealing;

/// <summary>A writer's records, made without a ledger.</summary>
internal sealed class Writer(string instance, LedgerPartition partition)
{
    private ChainWriter _chain = new($"{instance}/1/{partition}", Digest.Zero);
    private int _epoch = 1;
    private long _offset;

    public long Next => _offset;

    public IReadOnlyList<LedgerRecord> Write(int count, string detail = "x") => [.. Enumerable.Range(0, count).Select(_ => Write(detail))];

    public LedgerRecord Write(string detail)
    {
        using var draft = EventDraft.Write(
            EventId.New(TimeProvider.System), "/test/test/1", TimeProvider.System.GetUtcNow(), null, partition.Log, null, new AccessGranted("test", "read", detail));
        var bytes = new byte[_chain.MaxLength(draft.Tail.Length)];
        return new(partition, _offset++, bytes.AsMemory(0, _chain.Compose(bytes, draft.Tail.Span)));
    }

    /// <summary>A new boot of the same instance.</summary>
    public void Reboot() => _chain = new($"{instance}/{++_epoch}/{partition}", _chain.Previous);

    /// <summary>Offsets have holes where a log keeps marks of its own.</summary>
    public void LeaveHole(int width) => _offset += width;
}
