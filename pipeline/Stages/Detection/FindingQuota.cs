using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Stages.Detection;

/// <summary>
/// How many findings a principal raises an hour: so many that are high, and as many others, so that small things hide no great one. What happens now counts by a clock that nobody sets,
/// what is long past by when it happened.
/// </summary>
internal sealed class FindingQuota(DetectionOptions options, TimeProvider time)
{
    private readonly HourlyQuota _high = new(options.FindingsPerHour);
    private readonly HourlyQuota _others = new(options.FindingsPerHour);
    private readonly HourlyQuota _pastHigh = new(options.FindingsPerHour);
    private readonly HourlyQuota _pastOthers = new(options.FindingsPerHour);

    /// <summary>Takes one of a principal's; false when it had all of its hour.</summary>
    public bool TryTake(string principal, Severity severity, DateTimeOffset at)
    {
        var isHigh = severity >= Severity.High;
        return time.GetUtcNow() - at < options.EffectAge ? (isHigh ? _high : _others).TryTake(principal, time) : (isHigh ? _pastHigh : _pastOthers).TryTake(principal, at);
    }
}
