using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using Microsoft.Extensions.Logging;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Streaming.Embedded;

/// <summary>What the embedded ledger tells operators: metrics per group, logs only when something changes.</summary>
public sealed partial class LedgerTelemetry
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "McpLedger.Ledger";

    private readonly ILogger _logger;
    private readonly Counter<long> _appends;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _failures;
    private readonly Histogram<long> _groupSize;
    private readonly Histogram<double> _write;
    private readonly Meter _meter;

    /// <summary>Telemetry on a meter factory and a logger.</summary>
    public LedgerTelemetry(IMeterFactory meters, ILogger<LedgerTelemetry> logger)
    {
        _logger = logger;
        _meter = meters.Create(MeterName);
        _appends = _meter.CreateCounter<long>("mcpledger.ledger.appends", "{record}", "Records made durable.");
        _bytes = _meter.CreateCounter<long>("mcpledger.ledger.bytes", "By", "Bytes of records made durable, frames included.");
        _failures = _meter.CreateCounter<long>("mcpledger.ledger.failures", "{failure}", "Writes that the disk refused.");
        _groupSize = _meter.CreateHistogram<long>("mcpledger.ledger.group.size", "{record}", "Records written and synced at once.");
        _write = _meter.CreateHistogram<double>("mcpledger.ledger.write.duration", "s", "Time to write and sync a group.");
    }

    internal void Observe(Func<LedgerHealth> health)
    {
        _meter.CreateObservableGauge("mcpledger.ledger.queue", () => health().Queued, "{record}", "Appends that wait for the disk.");
        _meter.CreateObservableGauge("mcpledger.ledger.available", () => health().Status == LedgerStatus.Unavailable ? 0 : 1, null, "1 while appends are taken.");
        _meter.CreateObservableGauge("mcpledger.ledger.used", () => health().UsedBytes, "By", "Bytes that the quota counts.");
    }

    internal void Wrote(LedgerPartition partition, int records, int bytes, TimeSpan took)
    {
        var tag = new KeyValuePair<string, object?>("partition", partition.Log == LedgerLog.Calls ? "calls" : "control");
        _appends.Add(records, tag);
        _bytes.Add(bytes, tag);
        _groupSize.Record(records, tag);
        _write.Record(took.TotalSeconds, tag);
    }

    internal void Failed(LedgerPartition partition, string reason)
    {
        _failures.Add(1, new KeyValuePair<string, object?>("partition", partition.ToString()));
        LogFailed(partition, reason);
    }

    [LoggerMessage(2001, LogLevel.Information, "Ledger {Ledger} is open: instance {Instance}, boot epoch {Epoch}")]
    internal partial void LogOpened(EventId ledger, string instance, long epoch);

    [LoggerMessage(2002, LogLevel.Error, "The ledger cannot be opened: {Reason}. Every append is refused until it can; trying again")]
    internal partial void LogNotOpened(string reason);

    [LoggerMessage(2003, LogLevel.Critical, "{Partition} refuses appends: {Reason}. Trying again by itself")]
    private partial void LogFailed(LedgerPartition partition, string reason);

    [LoggerMessage(2004, LogLevel.Warning, "{Partition} takes appends again, from offset {Offset}")]
    internal partial void LogRecovered(LedgerPartition partition, long offset);

    [LoggerMessage(2005, LogLevel.Warning, "{Partition}: {Bytes} bytes behind offset {Offset} were written but never acknowledged, and were cut")]
    internal partial void LogCut(LedgerPartition partition, long bytes, long offset);

    [LoggerMessage(2006, LogLevel.Critical, "{Partition} is damaged: {Damage}. The segment is left as it is; new records begin a segment at offset {Offset}")]
    internal partial void LogDamaged(LedgerPartition partition, string damage, long offset);

    [LoggerMessage(2007, LogLevel.Warning, "The ledger holds {Used} of {Quota} bytes; past the quota calls are refused")]
    internal partial void LogQuotaNear(long used, long quota);

    [LoggerMessage(2008, LogLevel.Critical, "The ledger holds {Used} bytes and its quota is {Quota}: calls are refused until retention or an operator makes room")]
    internal partial void LogQuotaPast(long used, long quota);

    [LoggerMessage(2009, LogLevel.Information, "{Partition} dropped {Segment}: offsets {First} to {Last}")]
    internal partial void LogDropped(LedgerPartition partition, string segment, long first, long last);

    [LoggerMessage(2010, LogLevel.Warning, "{Partition}: room for the next segment could not be set aside yet: {Reason}")]
    internal partial void LogNotPrepared(LedgerPartition partition, string reason);
}
