using System.Collections.Concurrent;
using McpLedger.Contracts.Events;

namespace McpLedger.Stages.Sealing;

/// <summary>Whether the partitions that are this process's are being sealed, for whoever asks often.</summary>
public sealed class SealingHealth
{
    private readonly ConcurrentDictionary<LedgerPartition, bool> _still = new();
    private volatile bool _noKeys;

    /// <summary>What is not sealed now, in words that a stranger may read; null when everything is.</summary>
    public string? Check() =>
        _noKeys ? "the signing keys cannot be had"
        : _still.IsEmpty ? null
        : $"{string.Join(", ", _still.Keys.Select(static p => p.ToString()).Order(StringComparer.Ordinal))} cannot be sealed now";

    internal void Keys(bool areThere) => _noKeys = !areThere;

    internal void Still(LedgerPartition partition) => _still[partition] = true;

    internal void Goes(LedgerPartition partition) => _still.TryRemove(partition, out _);
}
