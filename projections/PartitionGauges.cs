using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;

namespace McpLedger.Projections;

/// <summary>How far behind the ledger the partitions are that this process keeps: one gauge of each kind, and a value for as long as a partition is kept here.</summary>
internal sealed class PartitionGauges
{
    private readonly ConcurrentDictionary<LedgerPartition, (Func<long> Lag, Func<double> Age)> _kept = new();

    /// <param name="meter">The room's meter.</param>
    /// <param name="name">What the gauges' names begin with.</param>
    /// <param name="what">What is kept, as their descriptions say it.</param>
    public PartitionGauges(Meter meter, string name, string what)
    {
        meter.CreateObservableGauge($"{name}.lag", () => _kept.Select(k => new Measurement<long>(k.Value.Lag(), Tag(k.Key))), "{offset}", $"Offsets between {what} and the end of the partition.");
        meter.CreateObservableGauge($"{name}.age", () => _kept.Select(k => new Measurement<double>(k.Value.Age(), Tag(k.Key))), "s", $"Age of the newest event in {what}.");
    }

    public void Show(LedgerPartition partition, Func<long> lag, Func<double> age) => _kept[partition] = (lag, age);

    public void Hide(LedgerPartition partition) => _kept.TryRemove(partition, out _);

    private static KeyValuePair<string, object?> Tag(LedgerPartition partition) => new("partition", partition.ToString());
}
