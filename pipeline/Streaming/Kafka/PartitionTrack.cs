using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Kafka;

/// <summary>What is under way to one partition, in the order of the log. Everything under its gate.</summary>
internal sealed class PartitionTrack(LedgerPartition partition)
{
    private readonly Queue<UnderWay> _records = new();
    private UnderWay? _last;

    /// <summary>Whoever sends to the partition holds it, so that the order of sending is the order of the log.</summary>
    public Lock Gate { get; } = new();

    public LedgerPartition Partition { get; } = partition;

    /// <summary>The producer that records go to; older ones' reports no longer count.</summary>
    public int Generation { get; set; }

    /// <summary>Whether records are handed to the producer, or only kept until it is replaced.</summary>
    public bool Flows { get; set; }

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Offset of the last record that was acknowledged; -1 before the first.</summary>
    public long LastOffset { get; set; } = -1;

    public UnderWay? Oldest => _records.TryPeek(out var oldest) ? oldest : null;

    public IEnumerable<UnderWay> Records => _records;

    public void Add(UnderWay record)
    {
        _records.Enqueue(record);
        Count++;
        Bytes += record.Bytes.Length;
    }

    /// <summary>The oldest record is in the cluster.</summary>
    public UnderWay Acknowledge(long offset)
    {
        var record = Remove();
        LastOffset = offset;
        _last = record;
        return record;
    }

    /// <summary>The last record that was acknowledged; null before the first.</summary>
    public LandedPosition? LastPosition()
    {
        lock (Gate)
        {
            return _last is null ? null : new(LastOffset, _last.Chain, _last.Seq, Digest.Of(_last.Bytes).ToString());
        }
    }

    /// <summary>Takes every record out, oldest first; nothing of them is in the cluster.</summary>
    public List<UnderWay> TakeAll()
    {
        List<UnderWay> all = [.. _records];
        _records.Clear();
        (Count, Bytes) = (0, 0);
        return all;
    }

    private UnderWay Remove()
    {
        var record = _records.Dequeue();
        Count--;
        Bytes -= record.Bytes.Length;
        return record;
    }
}
