namespace McpLedger.Host.Access;

/// <summary>What is said about who comes in.</summary>
internal sealed partial class AccessTelemetry(ILogger<AccessTelemetry> logger)
{
    [LoggerMessage(4101, LogLevel.Warning, "API keys cannot be read from the control log: {Reason}")]
    public partial void LogUnreadable(string reason);

    [LoggerMessage(4102, LogLevel.Warning, "{Peer} was turned away from {Path}: {Reason}")]
    public partial void LogTurnedAway(string peer, string path, string reason);
}
