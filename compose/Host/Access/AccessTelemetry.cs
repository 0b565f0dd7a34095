using McpLedger.Streaming;

namespace McpLedger.Host.Access;

/// <summary>What is said about who comes in.</summary>
internal sealed partial class AccessTelemetry(ILogger<AccessTelemetry> logger)
{
    private readonly Recurring _troubles = new(TimeProvider.System);

    /// <summary>The control log, where keys are, could not be read.</summary>
    public void Unreadable(string reason)
    {
        if (_troubles.Due(nameof(Unreadable)) is { } unsaid)
        {
            LogUnreadable(reason, unsaid);
        }
    }

    [LoggerMessage(4101, LogLevel.Warning, "API keys cannot be read from the control log: {Reason} ({Unsaid} more times since it was last said)")]
    private partial void LogUnreadable(string reason, int unsaid);

    [LoggerMessage(4102, LogLevel.Warning, "{Peer} was turned away from {Path}: {Reason}")]
    public partial void LogTurnedAway(string peer, string path, string reason);
}
