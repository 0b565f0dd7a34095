using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>What is told about child processes: each start and each end in a line of its own, since whoever can start processes owns the machine.</summary>
internal sealed partial class StdioTelemetry
{
    private readonly ILogger<StdioTelemetry> _logger;
    private readonly UpDownCounter<int> _processes;
    private readonly Counter<long> _ended;
    private readonly Histogram<double> _lifetime;

    [SuppressMessage("Reliability", "CA2000", Justification = "The factory owns its meters.")]
    public StdioTelemetry(ILogger<StdioTelemetry> logger, IMeterFactory meters)
    {
        _logger = logger;
        var meter = meters.Create("McpLedger.Gateway");
        _processes = meter.CreateUpDownCounter<int>("mcpledger.gateway.stdio.processes", "{process}", "Child processes that live.");
        _ended = meter.CreateCounter<long>("mcpledger.gateway.stdio.ended", "{process}", "Child processes that ended, by how.");
        _lifetime = meter.CreateHistogram<double>("mcpledger.gateway.stdio.lifetime", "s", "Time from a child's start to its end.");
    }

    public void Started(string server, int processId, string program)
    {
        _processes.Add(1, new KeyValuePair<string, object?>("server", server));
        LogStarted(server, processId, program);
    }

    public void NotStarted(string server, string reason) => LogNotStarted(server, reason);

    public void Ended(string server, int processId, int exitCode, string how, TimeSpan lived)
    {
        var tag = new KeyValuePair<string, object?>("server", server);
        _processes.Add(-1, tag);
        _ended.Add(1, tag, new KeyValuePair<string, object?>("how", how));
        _lifetime.Record(lived.TotalSeconds, tag);
        LogEnded(server, processId, exitCode, how, lived.TotalSeconds);
    }

    public void StandardError(string server, int processId, string line) => LogStandardError(server, processId, line);

    public void StandardErrorSkipped(string server, int processId, long lines) => LogStandardErrorSkipped(server, processId, lines);

    public void StrayEnded(string server, int processId) => LogStrayEnded(server, processId);

    public void Unwatched(string reason) => LogUnwatched(reason);

    public void EraFound(string server, string era, string versions) => LogEraFound(server, era, Shown.Of(versions));

    [LoggerMessage(1421, LogLevel.Information, "Started {Program} for {Server} as process {ProcessId}")]
    private partial void LogStarted(string server, int processId, string program);

    [LoggerMessage(1422, LogLevel.Warning, "No process for {Server}: {Reason}")]
    private partial void LogNotStarted(string server, string reason);

    [LoggerMessage(1423, LogLevel.Information, "Process {ProcessId} of {Server} ended with {ExitCode} ({How}) after {Seconds:0.0} s")]
    private partial void LogEnded(string server, int processId, int exitCode, string how, double seconds);

    [LoggerMessage(1424, LogLevel.Trace, "{Server} ({ProcessId}) stderr: {Line}")]
    private partial void LogStandardError(string server, int processId, string line);

    [LoggerMessage(1425, LogLevel.Debug, "{Server} ({ProcessId}) wrote {Lines} more lines to stderr than are shown")]
    private partial void LogStandardErrorSkipped(string server, int processId, long lines);

    [LoggerMessage(1426, LogLevel.Warning, "Ended process {ProcessId} of {Server}, which an earlier run had left behind")]
    private partial void LogStrayEnded(string server, int processId);

    [LoggerMessage(1427, LogLevel.Warning, "Children may outlive a gateway that is killed: {Reason}")]
    private partial void LogUnwatched(string reason);

    [LoggerMessage(1428, LogLevel.Information, "{Server} speaks the {Era} era: {Versions}")]
    private partial void LogEraFound(string server, string era, string versions);
}
