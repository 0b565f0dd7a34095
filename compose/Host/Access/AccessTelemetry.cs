using McpLedger.Host.Output;
using McpLedger.Streaming;

namespace McpLedger.Host.Access;

/// <summary>What is said about who comes in.</summary>
internal sealed partial class AccessTelemetry(ILogger<AccessTelemetry> logger)
{
    private const int LongestPath = 200;
    private readonly Recurring _troubles = new(TimeProvider.System);

    /// <summary>The control log, where keys are, could not be read.</summary>
    public void Unreadable(string reason)
    {
        if (_troubles.Due(nameof(Unreadable)) is { } unsaid)
        {
            LogUnreadable(reason, unsaid);
        }
    }

    /// <summary>Somebody was turned away from a path that may be of their own making.</summary>
    public void TurnedAway(string peer, string path, string reason)
    {
        // Of reasons there are a few, and one a key that is for servers: none is a stranger's to make up.
        if (_troubles.Due(reason) is { } unsaid)
        {
            LogTurnedAway(peer, Terminal.OneLine(path.Length <= LongestPath ? path : $"{path[..LongestPath]}…"), reason, unsaid);
        }
    }

    [LoggerMessage(4101, LogLevel.Warning, "API keys cannot be read from the control log: {Reason} ({Unsaid} more times since it was last said)")]
    private partial void LogUnreadable(string reason, int unsaid);

    [LoggerMessage(4102, LogLevel.Warning, "{Peer} was turned away from {Path}: {Reason} ({Unsaid} others since this was last said)")]
    private partial void LogTurnedAway(string peer, string path, string reason, int unsaid);
}
