using System.Collections.Concurrent;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>Tells waiters from the thread pool, as many at a time as have been acknowledged: librdkafka's only reporting thread runs none of their continuations.</summary>
internal sealed class AcknowledgedWaiters : IThreadPoolWorkItem
{
    private readonly ConcurrentQueue<(PendingAppend Waiter, Appended Answer)> _told = new();
    private int _scheduled;

    public void Tell(PendingAppend waiter, Appended answer)
    {
        _told.Enqueue((waiter, answer));
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    public void Execute()
    {
        Volatile.Write(ref _scheduled, 0);
        while (_told.TryDequeue(out var next))
        {
            next.Waiter.Answer(next.Answer);
        }
    }
}
