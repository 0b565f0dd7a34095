using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using Microsoft.Extensions.Logging;

namespace McpLedger.Stages.Detection;

/// <summary>What detection says about itself: log and metrics together.</summary>
internal sealed partial class DetectionTelemetry
{
    private readonly ILogger _logger;
    private readonly Meter _meter;
    private readonly Counter<long> _findings;
    private readonly Counter<long> _suppressed;
    private readonly Counter<long> _unread;

    public DetectionTelemetry(IMeterFactory meters, ILogger<DetectionTelemetry> logger)
    {
        _logger = logger;
        _meter = meters.Create("McpLedger.Detection");
        _findings = _meter.CreateCounter<long>("mcpledger.detection.findings", "{finding}", "Findings raised.");
        _suppressed = _meter.CreateCounter<long>("mcpledger.detection.suppressed", "{finding}", "Findings not raised because their principal had its share of the hour.");
        _unread = _meter.CreateCounter<long>("mcpledger.detection.unread", "{message}", "Messages not looked at because they are too long or their blob is not there.");
    }

    public void Said(EventData data)
    {
        switch (data)
        {
            case FindingRaised e:
                _findings.Add(1, new("detector", e.Detector), new("severity", e.Severity.ToString()));
                LogFinding(e.Severity, e.Detector, e.Finding.ToString(), e.Principal, e.Session);
                break;
            case PrincipalStopped e:
                LogStopped(e.PerMinute is null ? "Stopped" : "Slowed down", e.Principal, e.Session ?? "all sessions", e.Until, e.Finding?.ToString());
                break;
            default:
                break;
        }
    }

    public void Suppressed(string principal)
    {
        _suppressed.Add(1);
        LogSuppressed(principal);
    }

    public void Unread() => _unread.Add(1);

    [LoggerMessage(2601, LogLevel.Information, "Watches {Partition} with {Injection} and {Behaviour}")]
    public partial void LogOpened(LedgerPartition partition, string injection, string behaviour);

    [LoggerMessage(2602, LogLevel.Error, "A model cannot be read, and what it would find is not found: {Reason}")]
    public partial void LogNoModel(string reason);

    [LoggerMessage(2606, LogLevel.Information, "Takes {Partition} over without its position: what was found up to {From} was said by whoever watched it before, and is not raised anew")]
    public partial void LogTakenOver(LedgerPartition partition, DateTimeOffset from);

    [LoggerMessage(2603, LogLevel.Warning, "Finding ({Severity}, {Detector}) {Finding} of {Principal} in session {Session}")]
    private partial void LogFinding(Severity severity, string detector, string finding, string? principal, string? session);

    [LoggerMessage(2604, LogLevel.Warning, "{What} {Principal} in {Session} until {Until}, for finding {Finding}")]
    private partial void LogStopped(string what, string principal, string session, DateTimeOffset? until, string? finding);

    [LoggerMessage(2605, LogLevel.Debug, "A finding of {Principal} is not raised: it had its share of the hour")]
    private partial void LogSuppressed(string principal);
}
