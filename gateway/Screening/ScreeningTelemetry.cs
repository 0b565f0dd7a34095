using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Detectors.Injection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway.Screening;

/// <summary>What screening says about itself. Never a text, never a value.</summary>
internal sealed partial class ScreeningTelemetry
{
    private static readonly double[] Buckets = [0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1];
    private readonly ILogger<ScreeningTelemetry> _logger;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _texts;
    private readonly Counter<long> _findings;
    private readonly Counter<long> _unraised;

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The factory owns its meters.")]
    public ScreeningTelemetry(ILogger<ScreeningTelemetry> logger, IMeterFactory meters)
    {
        _logger = logger;
        var meter = meters.Create(GatewayTelemetry.Name);
        _duration = meter.CreateHistogram("mcpledger.gateway.screening.duration", "s", "Looking through one message.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });
        _texts = meter.CreateCounter<long>("mcpledger.gateway.screening.texts", "{text}", "Texts that were looked through, by how deep.");
        _findings = meter.CreateCounter<long>("mcpledger.gateway.screening.findings", "{finding}", "What was found in them.");
        _unraised = meter.CreateCounter<long>("mcpledger.gateway.screening.unraised", "{finding}", "Findings that stand in their call's event alone: repeated, too many of a session or a caller, or not taken by the ledger.");
    }

    public void Screened(string place, TimeSpan took, KnownScore? scored)
    {
        if (_duration.Enabled)
        {
            _duration.Record(took.TotalSeconds, new KeyValuePair<string, object?>("mcpledger.place", place));
        }

        if (_texts.Enabled)
        {
            var depth = scored is null ? "unscored" : scored.IsKept ? "known" : scored.Score.Depth switch
            {
                InjectionDepth.Complete => "second",
                InjectionDepth.OutOfTime => "timed-out",
                InjectionDepth.Undecided => "late",
                _ => "first",
            };
            _texts.Add(1, new KeyValuePair<string, object?>("mcpledger.place", place), new("mcpledger.stage", depth));
        }
    }

    public void Found(ScreeningFinding finding) =>
        _findings.Add(1, new KeyValuePair<string, object?>("mcpledger.detector", finding.Detector), new("mcpledger.rule", finding.Rule), new("mcpledger.effect", finding.Effect));

    public void Unraised(string reason)
    {
        _unraised.Add(1, new KeyValuePair<string, object?>("mcpledger.reason", reason));
        if (reason == "ledger")
        {
            LogUnraised();
        }
    }

    /// <summary>A tool is not served as long as nobody has looked at it.</summary>
    public void ToolWithheld(string server, string tool, string rules) => LogToolWithheld(Shown.Of(tool), server, rules, Shown.InCommand(tool));

    public void Refused(string server, string place, string detector, string? rule) => LogRefused(server, place, detector, rule);

    [LoggerMessage(1301, LogLevel.Error, "Screening broke; what became of the message is what screening.onFailure says")]
    public partial void Failed(Exception exception);

    [LoggerMessage(1302, LogLevel.Warning, "Tool {Tool} of server {Server} bears marks of an attack in its definition ({Rules}) and waits for an operator: mcpledger tools approve {Server} {Argument}")]
    private partial void LogToolWithheld(string tool, string server, string rules, string argument);

    [LoggerMessage(1303, LogLevel.Information, "Screening let a message of server {Server} not pass ({Place}): {Detector} {Rule}")]
    private partial void LogRefused(string server, string place, string detector, string? rule);

    [LoggerMessage(1304, LogLevel.Error, "A finding was not recorded on the control log; it stands in its call's event")]
    private partial void LogUnraised();
}
