using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using Microsoft.Extensions.Logging;

namespace McpLedger.Streaming.Consuming;

/// <summary>What consumers tell operators: metrics per batch, logs when something stands in the way.</summary>
public sealed partial class ConsumerTelemetry
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "McpLedger.Consumers";

    private readonly ILogger _logger;
    private readonly Counter<long> _handled;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _retries;
    private readonly Meter _meter;
    private readonly ConcurrentDictionary<PartitionConsumer, KeyValuePair<string, object?>[]> _observed = new();

    /// <summary>Telemetry on a meter factory and a logger.</summary>
    public ConsumerTelemetry(IMeterFactory meters, ILogger<ConsumerTelemetry> logger)
    {
        _logger = logger;
        _meter = meters.Create(MeterName);
        _handled = _meter.CreateCounter<long>("mcpledger.consumer.handled", "{record}", "Records whose effect is kept.");
        _parked = _meter.CreateCounter<long>("mcpledger.consumer.parked", "{record}", "Records that could not be handled and were parked.");
        _retries = _meter.CreateCounter<long>("mcpledger.consumer.retries", "{retry}", "Batches tried again.");
        _meter.CreateObservableGauge("mcpledger.consumer.position", () => Measure(static c => c.State.Position), "{offset}", "Offset to go on with.");
        _meter.CreateObservableGauge("mcpledger.consumer.in_flight", () => Measure<long>(static c => c.State.InFlight), "{record}", "Records in hand.");
        _meter.CreateObservableGauge("mcpledger.consumer.lag", () => Measure(static c => c.Lag.Records), "{offset}", "Offsets between the position and the partition's end as last seen.");
        _meter.CreateObservableGauge("mcpledger.consumer.age", () => Measure(static c => c.Lag.Age.TotalSeconds), "s", "Time since the oldest record that is not handled was written.");
    }

    /// <summary>A consumer is to be seen until <see cref="Forget"/>: an instrument stays as long as its meter, so consumers come and go behind these few.</summary>
    internal void Observe(PartitionConsumer consumer) => _observed[consumer] = [new("consumer", consumer.Name), new("partition", consumer.Partition.ToString())];

    internal void Forget(PartitionConsumer consumer) => _observed.TryRemove(consumer, out _);

    internal void Handled(string consumer, int records) => _handled.Add(records, new KeyValuePair<string, object?>("consumer", consumer));

    internal void Parked(string consumer, LedgerPartition partition, long offset, string reason)
    {
        _parked.Add(1, new KeyValuePair<string, object?>("consumer", consumer));
        LogParked(consumer, partition, offset, reason);
    }

    internal void Retried(string consumer, LedgerPartition partition, long position, string reason)
    {
        _retries.Add(1, new KeyValuePair<string, object?>("consumer", consumer));
        LogRetried(consumer, partition, position, reason);
    }

    private IEnumerable<Measurement<T>> Measure<T>(Func<PartitionConsumer, T> of)
        where T : struct =>
        _observed.Select(o => new Measurement<T>(of(o.Key), o.Value));

    [LoggerMessage(2051, LogLevel.Error, "{Consumer} cannot handle {Partition} offset {Offset}: {Reason}. The record is parked")]
    private partial void LogParked(string consumer, LedgerPartition partition, long offset, string reason);

    [LoggerMessage(2052, LogLevel.Warning, "{Consumer} stands at {Partition} offset {Position} and tries again: {Reason}")]
    private partial void LogRetried(string consumer, LedgerPartition partition, long position, string reason);

    [LoggerMessage(2053, LogLevel.Critical, "{Consumer} ended unexpectedly; the process stops")]
    internal partial void LogEnded(string consumer, Exception e);
}
