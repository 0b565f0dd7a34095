using System.Diagnostics;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// The signs of life of the one thread that speaks with a client of librdkafka. A client may not come back for good: its threads can lock each other out when a broker fails (issue 5476 of librdkafka),
/// and they wait for a clock that was set back.
/// </summary>
/// <param name="patience">Time that one call into the client may take; three times that without a sign, and it counts as stuck.</param>
internal sealed class ClientPulse(TimeSpan patience)
{
    private long _sign = Stopwatch.GetTimestamp();

    /// <summary>Silence after which a client has not come back.</summary>
    public TimeSpan Longest { get; } = patience * 3;

    /// <summary>Says that the thread is here; to be said before each call into the client.</summary>
    public void Sign() => Interlocked.Exchange(ref _sign, Stopwatch.GetTimestamp());

    /// <summary>Waits until a task is complete, however it ends, the wait is cancelled, or the client has not come back.</summary>
    /// <param name="task">What the thread does.</param>
    /// <param name="isElsewhere">Whether the thread is busy outside the client, however long that takes.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when the client has not come back.</returns>
    public async ValueTask<bool> WaitAsync(Task task, Func<bool>? isElsewhere, CancellationToken cancellationToken)
    {
        while (!task.IsCompleted && !cancellationToken.IsCancellationRequested)
        {
            // Whether it failed is asked of the task alone: it may end in the moment in which this wait is over.
            await task.WaitAsync(patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (IsSilent(task, isElsewhere))
            {
                // A process that stood still as a whole, paused or frozen, finds every sign old: the thread gets to give one first.
                var sign = Interlocked.Read(ref _sign);
                await task.WaitAsync(patience, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (IsSilent(task, isElsewhere) && sign == Interlocked.Read(ref _sign) && !cancellationToken.IsCancellationRequested)
                {
                    return false;
                }
            }
        }

        return true;
    }

    private bool IsSilent(Task task, Func<bool>? isElsewhere) =>
        !task.IsCompleted && isElsewhere?.Invoke() is not true && Stopwatch.GetElapsedTime(Interlocked.Read(ref _sign)) > Longest;
}
