namespace McpLedger.Streaming.Consuming;

/// <summary>How a partition is consumed.</summary>
public sealed record ConsumerOptions
{
    /// <summary>Name of the consumer: folder of its parked records and tag of its metrics. Lower-case letters, digits and hyphens.</summary>
    public required string Name { get; init; }

    /// <summary>Bytes of records in memory at a time; a single larger record passes.</summary>
    public int MaxBatchBytes { get; init; } = 1024 * 1024;

    /// <summary>
    /// How long a consumer that has caught up lets records gather once there is one: a batch costs its handler more than the records in it,
    /// and under load the ledger grows thousands of times a second. <see cref="TimeSpan.Zero"/> hands over what there is at once.
    /// </summary>
    public TimeSpan Gathering { get; init; }

    /// <summary>Wait before a failed batch is tried again; doubles up to <see cref="LongestRetryDelay"/>.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between two tries.</summary>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Longest time that the batch in hand may take at shutdown before it is cancelled; it is then handled again at next start.</summary>
    public TimeSpan DrainBudget { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether the partitions of consumers of this name are shared out among the processes of a role (<see cref="SharePartitions"/>): their positions lie where all of them look.
    /// Otherwise every process consumes every partition.
    /// </summary>
    public bool IsShared { get; init; }
}
