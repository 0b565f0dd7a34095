using System.Collections.Concurrent;

namespace McpLedger.Streaming.Embedded;

/// <summary>Waiters of one group, told the outcome by one thread-pool item: a wake-up each would cost more than the write.</summary>
internal sealed class AnsweredGroup : IThreadPoolWorkItem
{
    private const int MostKept = 64;

    private static readonly ConcurrentQueue<AnsweredGroup> Kept = new();

    private readonly List<PendingAppend> _waiters = [];
    private AppendStatus _status;
    private long _firstOffset;

    /// <summary>
    /// Tells every one of <paramref name="waiters"/> the same outcome; the first was stored at <paramref name="firstOffset"/>, the others after it.
    /// An offset of -1 says that they have none yet.
    /// </summary>
    public static void Answer(IEnumerable<PendingAppend> waiters, AppendStatus status, long firstOffset)
    {
        if (!Kept.TryDequeue(out var group))
        {
            group = new();
        }

        group._waiters.AddRange(waiters);
        group._status = status;
        group._firstOffset = firstOffset;
        ThreadPool.UnsafeQueueUserWorkItem(group, preferLocal: false);
    }

    public void Execute()
    {
        for (var i = 0; i < _waiters.Count; i++)
        {
            _waiters[i].Answer(new(_status, _waiters[i].Partition, _status != AppendStatus.Durable ? 0 : _firstOffset < 0 ? -1 : _firstOffset + i));
        }

        _waiters.Clear();
        if (Kept.Count < MostKept)
        {
            Kept.Enqueue(this);
        }
    }
}
