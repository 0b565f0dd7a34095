using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>What is told about bridged sessions. Messages are counted and named by server, never shown.</summary>
internal sealed partial class BridgeTelemetry
{
    private readonly ILogger<BridgeTelemetry> _logger;
    private readonly UpDownCounter<int> _sessions;
    private readonly Counter<long> _dropped;

    [SuppressMessage("Reliability", "CA2000", Justification = "The factory owns its meters.")]
    public BridgeTelemetry(ILogger<BridgeTelemetry> logger, IMeterFactory meters)
    {
        _logger = logger;
        var meter = meters.Create("McpLedger.Gateway");
        _sessions = meter.CreateUpDownCounter<int>("mcpledger.gateway.bridge.sessions", "{session}", "Sessions with a live process or stream behind them.");
        _dropped = meter.CreateCounter<long>("mcpledger.gateway.bridge.messages_dropped", "{message}", "Messages of bridged upstreams that reached no client, by reason.");
    }

    public void SessionOpened(string server)
    {
        _sessions.Add(1, new KeyValuePair<string, object?>("server", server));
        LogOpened(server);
    }

    public void SessionEnded(string server, string reason)
    {
        _sessions.Add(-1, new KeyValuePair<string, object?>("server", server));
        LogEnded(server, reason);
    }

    public void Unreadable(string server, int length, string reason)
    {
        Drop(server, "unreadable", 1);
        LogUnreadable(server, length, reason);
    }

    public void AnswersNobody(string server)
    {
        Drop(server, "answers-nobody", 1);
        LogAnswersNobody(server);
    }

    public void Unread(string server, int count)
    {
        Drop(server, "unread", count);
        LogUnread(server, count);
    }

    public void Stalled(string server)
    {
        Drop(server, "stalled", 1);
        LogStalled(server);
    }

    public void Unattributable(string server, string method)
    {
        Drop(server, "unattributable", 1);
        LogUnattributable(server, method);
    }

    /// <summary>A message broke us; the others go on.</summary>
    public void Broke(string server, int length, Exception error)
    {
        Drop(server, "broke", 1);
        LogBroke(server, length, error);
    }

    public void EndedByError(string server, Exception error) => LogEndedByError(server, error);

    private void Drop(string server, string reason, int count) =>
        _dropped.Add(count, new KeyValuePair<string, object?>("server", server), new KeyValuePair<string, object?>("reason", reason));

    [LoggerMessage(1401, LogLevel.Debug, "Opened a session with {Server}")]
    private partial void LogOpened(string server);

    [LoggerMessage(1402, LogLevel.Debug, "A session with {Server} ended: {Reason}")]
    private partial void LogEnded(string server, string reason);

    [LoggerMessage(1403, LogLevel.Debug, "{Server} wrote {Length} bytes that are no MCP message; they were skipped: {Reason}")]
    private partial void LogUnreadable(string server, int length, string reason);

    [LoggerMessage(1404, LogLevel.Debug, "{Server} answered a request that nobody waits for")]
    private partial void LogAnswersNobody(string server);

    [LoggerMessage(1405, LogLevel.Warning, "{Count} messages of {Server} that no client had fetched from its GET stream made room for newer ones")]
    private partial void LogUnread(string server, int count);

    [LoggerMessage(1406, LogLevel.Warning, "An answer of {Server} was broken off: its client does not read")]
    private partial void LogStalled(string server);

    [LoggerMessage(1407, LogLevel.Debug, "{Server} sent {Method}, which cannot be told to belong to one of the callers that share its process; it was dropped")]
    private partial void LogUnattributable(string server, string method);

    [LoggerMessage(1408, LogLevel.Error, "The connection to {Server} ended by an error of ours")]
    private partial void LogEndedByError(string server, Exception error);

    [LoggerMessage(1409, LogLevel.Error, "A message of {Server}, {Length} bytes long, broke the gateway; it was skipped")]
    private partial void LogBroke(string server, int length, Exception error);
}
