using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;

namespace McpLedger.Projections.Tests;

/// <summary>A ledger in memory that composes records as the real one does.</summary>
internal sealed class MemoryLedger : ILedgerReader, IBlobStore
{
    private readonly Dictionary<LedgerPartition, (ChainWriter Chain, List<LedgerRecord> Records)> _logs;
    private readonly Dictionary<Digest, ReadOnlyMemory<byte>> _blobs = [];
    private readonly Dictionary<LedgerPartition, long> _firsts = [];
    private readonly Lock _gate = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public MemoryLedger(int callPartitions = 1)
    {
        var partitions = Enumerable.Range(0, callPartitions).Select(n => new LedgerPartition(LedgerLog.Calls, n)).Append(LedgerPartition.Control);
        _logs = partitions.ToDictionary(p => p, p => (new ChainWriter($"test/1/{p}", Digest.Zero), new List<LedgerRecord>()));
    }

    /// <summary>What is broken behind the last record of every partition; null when nothing is.</summary>
    public string? Damage { get; set; }

    public IReadOnlyList<LedgerPartition> Partitions => [.. _logs.Keys];

    public IReadOnlyList<LedgerRecord> Of(LedgerPartition partition) => _logs[partition].Records;

    public void Append(EventId id, DateTimeOffset time, EventData data)
    {
        using var draft = EventDraft.Write(id, "/gateway/test/1", time, null, EventCatalog.LogOf(data) ?? LedgerLog.Calls, null, data);
        var (chain, records) = _logs[draft.Log == LedgerLog.Calls ? LedgerPartition.Calls : LedgerPartition.Control];
        var bytes = new byte[chain.MaxLength(draft.Tail.Length)];
        var length = chain.Compose(bytes, draft.Tail.Span);
        Add(records, new(draft.Log == LedgerLog.Calls ? LedgerPartition.Calls : LedgerPartition.Control, records.Count, bytes.AsMemory(0, length)));
    }

    public void AppendBytes(LedgerPartition partition, byte[] bytes) => Add(_logs[partition].Records, new(partition, _logs[partition].Records.Count, bytes));

    /// <summary>Drops records from the front, as retention does.</summary>
    public void DropBefore(LedgerPartition partition, long offset) => _firsts[partition] = offset;

    public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => new(new LedgerBounds(_firsts.GetValueOrDefault(partition), _logs[partition].Records.Count));

    public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken)
    {
        var records = new List<LedgerRecord>();
        var bytes = 0;
        from = Math.Max(from, _firsts.GetValueOrDefault(partition));
        lock (_gate)
        {
            foreach (var record in _logs[partition].Records.Skip((int)from))
            {
                if (records.Count > 0 && bytes + record.Bytes.Length > maxBytes)
                {
                    break;
                }

                records.Add(record);
                bytes += record.Bytes.Length;
            }
        }

        return new(new ReadBatch(records, from + records.Count, Damage));
    }

    public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _logs[partition].Records.Count > from ? default : new(_more.Task.WaitAsync(cancellationToken));
        }
    }

    public ValueTask<bool> TryPutAsync(Digest sha256, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        _blobs[sha256] = bytes.ToArray();
        return new(true);
    }

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(Digest sha256, CancellationToken cancellationToken) =>
        new(_blobs.TryGetValue(sha256, out var bytes) ? bytes : (ReadOnlyMemory<byte>?)null);

    private void Add(List<LedgerRecord> records, LedgerRecord record)
    {
        lock (_gate)
        {
            records.Add(record);
            _more.SetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
