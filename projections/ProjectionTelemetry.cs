using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using Microsoft.Extensions.Logging;

namespace McpLedger.Projections;

/// <summary>What the read models tell operators.</summary>
internal sealed partial class ProjectionTelemetry
{
    public const string MeterName = "McpLedger.Projections";

    private readonly ILogger _logger;
    private readonly Counter<long> _events;
    private readonly Counter<long> _repeated;
    private readonly Histogram<double> _batch;
    private readonly Meter _meter;
    private readonly PartitionGauges _gauges;

    public ProjectionTelemetry(IMeterFactory meters, ILogger<ProjectionTelemetry> logger)
    {
        _logger = logger;
        _meter = meters.Create(MeterName);
        _events = _meter.CreateCounter<long>("mcpledger.projections.events", "{event}", "Events that took effect in the read models.");
        _repeated = _meter.CreateCounter<long>("mcpledger.projections.repeated", "{event}", "Second copies of events, which take no effect.");
        _batch = _meter.CreateHistogram<double>("mcpledger.projections.batch.duration", "s", "From a batch in hand to its commit.");
        _gauges = new(_meter, "mcpledger.projections", "the read models");
    }

    /// <summary>Shows how far behind the ledger the read models of a partition are.</summary>
    public void Observe(LedgerPartition partition, Func<long> lag, Func<double> age) => _gauges.Show(partition, lag, age);

    /// <summary>The partition is not kept here any more.</summary>
    public void Forget(LedgerPartition partition) => _gauges.Hide(partition);

    public void Folded(LedgerPartition partition, int events, int repeated, TimeSpan took)
    {
        KeyValuePair<string, object?> tag = new("partition", partition.ToString());
        _events.Add(events, tag);
        _repeated.Add(repeated, tag);
        _batch.Record(took.TotalSeconds, tag);
        LogFolded(partition, events, repeated);
    }

    public void Rebuilt(RebuildReport report)
    {
        if (report is { Identical: true, Forgotten: > 0 })
        {
            LogForgot(report.Forgotten, report.Events);
        }
        else if (report.Identical)
        {
            LogRebuiltIdentical(report.Events);
        }
        else
        {
            LogRebuiltDifferent(report.Events, string.Join(", ", report.Differences));
        }
    }

    /// <summary>A rebuild ended without new read models; whoever asked for it may be gone.</summary>
    public void RebuildFailed(Exception exception) => LogRebuildFailed(exception.Message);

    /// <summary>Shows how far the daemon is behind the events that the home holds.</summary>
    public void ObserveDaemon(Func<long> lag) =>
        _meter.CreateObservableGauge("mcpledger.projections.daemon.lag", lag, "{event}", "Events between the views across sessions and the events that the home holds; 0 where another process leads.");

    [LoggerMessage(3001, LogLevel.Debug, "Folded {Events} events of {Partition}; {Repeated} were second copies")]
    private partial void LogFolded(LedgerPartition partition, int events, int repeated);

    [LoggerMessage(3002, LogLevel.Information, "Rebuilt the read models from {Events} events; the rows are identical to those before")]
    private partial void LogRebuiltIdentical(long events);

    [LoggerMessage(3003, LogLevel.Error, "Rebuilt the read models from {Events} events; rows differ from those before in {Tables}")]
    private partial void LogRebuiltDifferent(long events, string tables);

    [LoggerMessage(3004, LogLevel.Information, "Leads: keeps the views across sessions on the {Side} side")]
    public partial void LogLeads(string side);

    [LoggerMessage(3005, LogLevel.Information, "Leads no more")]
    public partial void LogLeadsNoMore();

    [LoggerMessage(3006, LogLevel.Warning, "Views across sessions stand still: {Reason}")]
    public partial void LogDaemonTrouble(string reason);

    [LoggerMessage(3007, LogLevel.Information, "The read models forgot {Forgotten} events of dropped segments and were built anew from {Events}")]
    private partial void LogForgot(long forgotten, long events);

    [LoggerMessage(3008, LogLevel.Warning, "The read models were not rebuilt and stay as they were: {Reason}")]
    private partial void LogRebuildFailed(string reason);
}
