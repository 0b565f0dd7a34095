using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Projections.Homes;

/// <summary>How far this process has folded, for gauges. It asks no database.</summary>
internal sealed class Progress(ILedgerReader reader, TimeProvider time, ProjectionTelemetry telemetry)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<LedgerPartition, (long Next, long Micros)> _reached = [];
    private readonly ConcurrentDictionary<LedgerPartition, PartitionEnd> _ends = new();

    /// <summary>A consumer begins.</summary>
    public void Began(LedgerPartition partition, long next)
    {
        Reached(partition, next, 0);
        _ = EndOf(partition);
        telemetry.Observe(partition, () => LagOf(partition), () => AgeOf(partition));
    }

    /// <summary>A consumer ended.</summary>
    public void Ended(LedgerPartition partition) => telemetry.Forget(partition);

    /// <summary>A batch is kept.</summary>
    public void Reached(LedgerPartition partition, long? next, long micros)
    {
        lock (_gate)
        {
            var before = _reached.GetValueOrDefault(partition);
            _reached[partition] = (next ?? before.Next, Math.Max(before.Micros, micros));
        }
    }

    private long LagOf(LedgerPartition partition)
    {
        var end = EndOf(partition);
        lock (_gate)
        {
            return Math.Max(0, end - _reached[partition].Next);
        }
    }

    private long EndOf(LedgerPartition partition) => _ends.GetOrAdd(partition, static (p, from) => new(from, p), reader).Seen;

    private double AgeOf(LedgerPartition partition)
    {
        lock (_gate)
        {
            var micros = _reached[partition].Micros;
            return micros == 0 ? 0 : (time.GetUtcNow() - DateTimeOffset.UnixEpoch.AddMicroseconds(micros)).TotalSeconds;
        }
    }
}
