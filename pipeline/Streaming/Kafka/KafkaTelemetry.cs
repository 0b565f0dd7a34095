using System.Diagnostics.Metrics;
using Confluent.Kafka;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using Microsoft.Extensions.Logging;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Streaming.Kafka;

/// <summary>What a ledger in Kafka tells operators.</summary>
public sealed partial class KafkaTelemetry
{
    private readonly ILogger _logger;
    private readonly Meter _meter;
    private readonly Counter<long> _acknowledged;
    private readonly Counter<long> _bytes;
    private readonly Histogram<double> _acknowledging;
    private readonly Counter<long> _repairs;

    // Every client of the process tells of the same broker.
    private readonly Recurring _troubles = new(TimeProvider.System);

    /// <summary>Telemetry on a meter factory and a logger.</summary>
    public KafkaTelemetry(IMeterFactory meters, ILogger<KafkaTelemetry> logger)
    {
        _logger = logger;
        _meter = meters.Create(Embedded.LedgerTelemetry.MeterName);
        _acknowledged = _meter.CreateCounter<long>("mcpledger.kafka.acknowledged", "{record}", "Records that the cluster acknowledged.");
        _bytes = _meter.CreateCounter<long>("mcpledger.kafka.bytes", "By", "Bytes of records that the cluster acknowledged.");
        _acknowledging = _meter.CreateHistogram<double>("mcpledger.kafka.acknowledge.duration", "s", "Time from a record's hand-over to its acknowledgement.");
        _repairs = _meter.CreateCounter<long>("mcpledger.kafka.repairs", "{repair}", "Times that a producer was replaced and its records were looked for.");
    }

    internal void Observe(Func<LedgerHealth> health, Func<SpoolLag> lag)
    {
        _meter.CreateObservableGauge("mcpledger.ledger.available", () => health().Status == LedgerStatus.Unavailable ? 0 : 1, null, "1 while appends are taken.");
        _meter.CreateObservableGauge("mcpledger.kafka.queue", () => health().Queued, "{record}", "Records that wait for the cluster.");
        _meter.CreateObservableGauge("mcpledger.spool.records", () => lag().Records, "{record}", "Records on this disk that the cluster has not acknowledged.");
        _meter.CreateObservableGauge("mcpledger.spool.bytes", () => lag().Bytes, "By", "Their bytes.");
        _meter.CreateObservableGauge("mcpledger.spool.age", () => lag().Age.TotalSeconds, "s", "Age of the oldest.");
        _meter.CreateObservableGauge("mcpledger.spool.blobs", () => lag().Blobs, "{blob}", "Blobs on this disk that the cluster has not acknowledged.");
        _meter.CreateObservableGauge("mcpledger.spool.blob.bytes", () => lag().BlobBytes, "By", "Their bytes.");
    }

    internal void Acknowledged(LedgerPartition partition, int bytes, TimeSpan took)
    {
        var tag = new KeyValuePair<string, object?>("partition", partition.ToString());
        _acknowledged.Add(1, tag);
        _bytes.Add(bytes, tag);
        _acknowledging.Record(took.TotalSeconds, tag);
    }

    internal void Repairs(string reason)
    {
        _repairs.Add(1);
        LogRepairs(reason);
    }

    internal void Trouble(Error error)
    {
        if (error.IsFatal)
        {
            LogFatal(error.Code, error.Reason);
        }
        else if (_troubles.Due(error.Code.ToString()) is { } unsaid)
        {
            LogTrouble(error.Code, error.Reason, unsaid);
        }
    }

    internal void BlobUnreadable(Digest blob, string reason)
    {
        if (_troubles.Due("blob") is { } unsaid)
        {
            LogBlobUnreadable(blob, reason, unsaid);
        }
    }

    internal void Said(LogMessage message) => LogSaid(message.Name, message.Facility, message.Message);

    [LoggerMessage(2101, LogLevel.Information, "Ledger {Ledger} in Kafka is open: instance {Instance}, boot epoch {Epoch}, durable on {Durable}")]
    internal partial void LogOpened(EventId ledger, string instance, long epoch, KafkaDurability durable);

    [LoggerMessage(2102, LogLevel.Error, "The ledger in Kafka cannot be opened: {Reason}. Trying again")]
    internal partial void LogNotOpened(string reason);

    [LoggerMessage(2103, LogLevel.Critical, "Appends are refused: {Reason}. Nothing that was handed over is given up")]
    internal partial void LogRefuses(string reason);

    [LoggerMessage(2104, LogLevel.Warning, "Appends are taken again")]
    internal partial void LogTakes();

    [LoggerMessage(2105, LogLevel.Error, "A producer is replaced ({Reason}); what was under way is looked for in the cluster and the rest sent again")]
    private partial void LogRepairs(string reason);

    [LoggerMessage(2106, LogLevel.Warning, "The producer was replaced: {Landed} of the records under way had landed, {Again} were sent again")]
    internal partial void LogRepaired(int landed, int again);

    [LoggerMessage(2107, LogLevel.Warning, "The producer could not be replaced yet: {Reason}")]
    internal partial void LogNotRepaired(string reason);

    [LoggerMessage(2108, LogLevel.Critical, "Kafka: {Code}: {Reason}")]
    private partial void LogFatal(ErrorCode code, string reason);

    [LoggerMessage(2109, LogLevel.Warning, "Kafka: {Code}: {Reason} ({Unsaid} more of its kind since it was last said)")]
    private partial void LogTrouble(ErrorCode code, string reason, int unsaid);

    [LoggerMessage(2110, LogLevel.Debug, "{Client} {Facility}: {Message}")]
    private partial void LogSaid(string client, string facility, string message);

    [LoggerMessage(2111, LogLevel.Error, "Topic {Topic} is not what was made: {Setting} is {Found}, not {Expected}")]
    internal partial void LogDrifted(string topic, string setting, string found, string expected);

    [LoggerMessage(2112, LogLevel.Information, "Topic {Topic} was made: {Partitions} partitions, {Replication} replicas")]
    internal partial void LogMade(string topic, int partitions, short replication);

    [LoggerMessage(2113, LogLevel.Information, "{Partition}: looked for this instance's last record from offset {From} to {End}: {Found}")]
    internal partial void LogLooked(LedgerPartition partition, long from, long end, string found);

    [LoggerMessage(2114, LogLevel.Warning, "What was shipped could not be noted or trimmed yet: {Reason}")]
    internal partial void LogNotTrimmed(string reason);

    [LoggerMessage(2115, LogLevel.Information, "{Group}: {Partition} is this process's now")]
    internal partial void LogAssigned(string group, LedgerPartition partition);

    [LoggerMessage(2116, LogLevel.Information, "{Group}: {Partition} is given back")]
    internal partial void LogRevoked(string group, LedgerPartition partition);

    [LoggerMessage(2117, LogLevel.Warning, "{Group}: {Reason}")]
    internal partial void LogGroup(string group, string reason);

    [LoggerMessage(2118, LogLevel.Error, "{Group}: the work on {Partition} ended and begins anew")]
    internal partial void LogRunnerEnded(string group, LedgerPartition partition, Exception e);

    [LoggerMessage(2119, LogLevel.Error, "Blob {Blob} could not be sent and is tried again: {Reason}")]
    internal partial void LogBlobUnsent(Digest blob, string reason);

    [LoggerMessage(2120, LogLevel.Warning, "Blobs of {Partition} cannot be taken and are tried again")]
    internal partial void LogBlobsUnread(LedgerPartition partition, Exception e);

    [LoggerMessage(2121, LogLevel.Error, "The record at offset {Offset} of the blobs topic is no piece of a blob")]
    internal partial void LogNoBlob(long offset);

    [LoggerMessage(2122, LogLevel.Error, "Blob {Blob}, whole at offset {Offset}, is not what its digest says")]
    internal partial void LogBlobAltered(Digest blob, long offset);

    [LoggerMessage(2123, LogLevel.Warning, "A client of the cluster did not close within {Longest} and is left to the end of the process; was the clock set back?")]
    internal partial void LogLeft(TimeSpan longest);

    [LoggerMessage(2124, LogLevel.Critical, "Appends are refused for as long as this process runs: {Reason}")]
    internal partial void LogBehind(string reason);

    [LoggerMessage(2125, LogLevel.Error, "Blob {Blob}, begun at offset {Offset}, is given up: whoever sent it sent no more of it for {Longest}")]
    internal partial void LogBlobGivenUp(Digest blob, long offset, TimeSpan longest);

    [LoggerMessage(2126, LogLevel.Error, "Blob {Blob} cannot be read to be sent and is tried again: {Reason} ({Unsaid} more such failures since it was last said)")]
    private partial void LogBlobUnreadable(Digest blob, string reason, int unsaid);

    [LoggerMessage(2127, LogLevel.Critical, "A client of the cluster for {What} has not come back for {Longest} and is left to itself; another takes its place")]
    internal partial void LogStuck(string what, TimeSpan longest);

    [LoggerMessage(2128, LogLevel.Error, "The topics could not be verified and are looked at again: {Reason}")]
    internal partial void LogNotVerified(string reason);

    [LoggerMessage(2129, LogLevel.Error, "Blobs of {Partition} are read from the first one on again: {Reason}")]
    internal partial void LogBlobsAnew(LedgerPartition partition, string reason);
}
