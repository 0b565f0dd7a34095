using System.Collections.Concurrent;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>Waiters of one group, told the outcome by one thread-pool item: a wake-up each would cost more than the write.</summary>
internal sealed class AnsweredGroup : IThreadPoolWorkItem
{
    private const int MostKept = 64;

    private static readonly ConcurrentQueue<AnsweredGroup> Kept = new();

    private readonly List<PendingAppend> _waiters = [];
    private AppendStatus _status;
    private LedgerPartition _partition;
    private long _firstOffset;

    /// <summary>Tells every one of <paramref name="waiters"/> the same outcome; the first was stored at <paramref name="firstOffset"/>, the others after it.</summary>
    public static void Answer(IEnumerable<PendingAppend> waiters, AppendStatus status, LedgerPartition partition, long firstOffset)
    {
        if (!Kept.TryDequeue(out var group))
        {
            group = new();
        }

        group._waiters.AddRange(waiters);
        group._status = status;
        group._partition = partition;
        group._firstOffset = firstOffset;
        ThreadPool.UnsafeQueueUserWorkItem(group, preferLocal: false);
    }

    public void Execute()
    {
        for (var i = 0; i < _waiters.Count; i++)
        {
            _waiters[i].Answer(_status == AppendStatus.Durable ? new(_status, _partition, _firstOffset + i) : new(_status, _partition, 0));
        }

        _waiters.Clear();
        if (Kept.Count < MostKept)
        {
            Kept.Enqueue(this);
        }
    }
}
