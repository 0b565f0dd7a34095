using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Partitions;

/// <summary>How a partition of the ledger is kept: sealed to where, broken where, dropped to where.</summary>
public sealed record PartitionView
{
    /// <summary>Such as <c>calls-0</c>.</summary>
    public required string Partition { get; init; }

    /// <summary>The log's origin line.</summary>
    public string? Origin { get; init; }

    /// <summary>Leaves under the last checkpoint that the control log was told of: once a minute, while one is signed every second.</summary>
    public long SealedSize { get; init; }

    /// <summary>Root under it.</summary>
    public string? SealedRoot { get; init; }

    /// <summary>When it was signed.</summary>
    public DateTimeOffset? SealedAt { get; init; }

    /// <summary>Checkpoints that the control log was told of.</summary>
    public long Checkpoints { get; init; }

    /// <summary>Faults found.</summary>
    public long FaultCount { get; init; }

    /// <summary>Faults found; the newest 64.</summary>
    public IReadOnlyList<FaultLine> Faults { get; init; } = [];

    /// <summary>Bytes dropped by retention.</summary>
    public long DroppedBytes { get; init; }

    /// <summary>Segments dropped by retention; the newest 64.</summary>
    public IReadOnlyList<DroppedLine> Dropped { get; init; } = [];
}

/// <summary>A record that broke its chain or could not be read.</summary>
public sealed record FaultLine(string Event, DateTimeOffset Time, long Offset, string Fault, string Detail);

/// <summary>A segment that retention removed.</summary>
public sealed record DroppedLine(string Event, DateTimeOffset Time, long FirstOffset, long LastOffset, long Bytes, string Reason);

/// <summary>Keeps the state of each partition.</summary>
internal static class PartitionFold
{
    private const int MostLines = 64;

    public static Fold<PartitionView> Fold { get; } = new("partitions", Keys, Evolve, ViewJson.Default.PartitionView);

    private static IEnumerable<string> Keys(LedgerEvent read) => read.Data switch
    {
        CheckpointSigned e => [e.Partition],
        ChainFaultFound e => [e.Partition],
        SegmentDropped e => [e.Partition],
        _ => [],
    };

    private static PartitionView? Evolve(PartitionView? view, string key, LedgerEvent read)
    {
        view ??= new() { Partition = key };
        return read.Data switch
        {
            CheckpointSigned e => view with
            {
                Origin = e.Origin,
                SealedSize = e.Size,
                SealedRoot = e.Root.ToString(),
                SealedAt = read.Header.Time,
                Checkpoints = view.Checkpoints + 1,
            },
            ChainFaultFound e => view with
            {
                FaultCount = view.FaultCount + 1,
                Faults = view.Faults.Newest(new(read.Header.Id.ToString(), read.Header.Time, e.Offset, e.Fault, e.Detail), MostLines),
            },
            SegmentDropped e => view with
            {
                DroppedBytes = view.DroppedBytes + e.Bytes,
                Dropped = view.Dropped.Newest(new(read.Header.Id.ToString(), read.Header.Time, e.FirstOffset, e.LastOffset, e.Bytes, e.Reason), MostLines),
            },
            _ => view,
        };
    }
}
