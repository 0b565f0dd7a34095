namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Closes librdkafka's clients. They wait by the wall clock: when it is set back, a poll of a tenth of a second that was under way lasts until the old time is reached again, and so would closing.
/// </summary>
internal static class ClientClosing
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    /// <summary>Closes a client that has nothing left to do, on a thread of the pool; one that takes too long is left to the end of the process.</summary>
    public static async ValueTask CloseAsync(this IDisposable client, KafkaTelemetry telemetry) => await Task.Run(client.Dispose).EndsAsync(telemetry).ConfigureAwait(false);

    /// <summary>Waits for what should end by itself now.</summary>
    /// <returns>Whether it did.</returns>
    public static async ValueTask<bool> EndsAsync(this Task ending, KafkaTelemetry telemetry)
    {
        try
        {
            await ending.WaitAsync(Longest).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            telemetry.LogLeft(Longest);
            return false;
        }
    }
}
