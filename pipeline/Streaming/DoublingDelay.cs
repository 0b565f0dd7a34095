namespace McpLedger.Streaming;

/// <summary>Waits between tries of something that goes on failing.</summary>
internal static class DoublingDelay
{
    private const int MostDoublings = 16;

    /// <summary>The wait after so many failures: the first one doubled for each before it, up to the longest.</summary>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest) => first * (1 << Math.Min(failures, MostDoublings)) is var delay && delay < longest ? delay : longest;
}
