using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using Microsoft.Extensions.Logging;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>What the search engine's index tells operators.</summary>
internal sealed partial class ElasticTelemetry
{
    private readonly ILogger _logger;
    private readonly Meter _meter;
    private readonly PartitionGauges _gauges;
    private readonly Counter<long> _events;
    private readonly Counter<long> _repeated;
    private readonly Histogram<double> _batch;

    public ElasticTelemetry(IMeterFactory meters, ILogger<ElasticTelemetry> logger)
    {
        _logger = logger;
        _meter = meters.Create(ProjectionTelemetry.MeterName);
        _events = _meter.CreateCounter<long>("mcpledger.search.events", "{event}", "Events that were indexed.");
        _repeated = _meter.CreateCounter<long>("mcpledger.search.repeated", "{event}", "Events that were in the index already.");
        _batch = _meter.CreateHistogram<double>("mcpledger.search.batch.duration", "s", "From a batch in hand to the engine's answer.");
        _gauges = new(_meter, "mcpledger.search", "the index");
    }

    /// <summary>Shows how far behind the ledger the index of a partition is.</summary>
    public void Observe(LedgerPartition partition, Func<long> lag, Func<double> age) => _gauges.Show(partition, lag, age);

    /// <summary>The partition is not indexed here any more.</summary>
    public void Forget(LedgerPartition partition) => _gauges.Hide(partition);

    public void Indexed(LedgerPartition partition, BulkOutcome outcome, TimeSpan took)
    {
        KeyValuePair<string, object?> tag = new("partition", partition.ToString());
        _events.Add(outcome.Made, tag);
        _repeated.Add(outcome.There, tag);
        _batch.Record(took.TotalSeconds, tag);
        LogIndexed(partition, outcome.Made, outcome.There, outcome.Refused.Count);
    }

    [LoggerMessage(3101, LogLevel.Debug, "Indexed {Events} events of {Partition}; {Repeated} were there, {Refused} are refused")]
    private partial void LogIndexed(LedgerPartition partition, int events, int repeated, int refused);

    [LoggerMessage(3102, LogLevel.Warning, "The search index is of generation {Generation} with mapping {Mapping}, and this version writes mapping {Version}: 'mcpledger rebuild --index' builds it anew while it answers")]
    public partial void LogOtherMapping(int generation, int mapping, int version);

    [LoggerMessage(3103, LogLevel.Information, "The search index of {Partition} goes on in generation {Generation}")]
    public partial void LogFollowed(LedgerPartition partition, int generation);

    [LoggerMessage(3104, LogLevel.Information, "Built generation {Generation} of the search index from {Events} events; {Refused} records are refused")]
    public partial void LogBuilt(int generation, long events, long refused);

    [LoggerMessage(3105, LogLevel.Information, "Deleted {Count} search indices past their age, {First} the first")]
    public partial void LogExpired(int count, string first);

    [LoggerMessage(3106, LogLevel.Warning, "Search indices past their age cannot be deleted for now: {Reason}")]
    public partial void LogNotExpired(string reason);

    [LoggerMessage(3107, LogLevel.Warning, "The search index was not built anew and stays as it was: {Reason}")]
    public partial void LogNotBuilt(string reason);
}
