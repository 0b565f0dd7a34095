using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>
/// Reads a data folder without being its writer: while no instance runs, beside one that does, or a copy. It writes nothing and takes no lock.
/// Another process's writes are seen once they are whole in the file; whether they are durable yet only their writer knows.
/// </summary>
public sealed class EmbeddedLedgerFiles : ILedgerReader
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);

    private readonly Dictionary<LedgerPartition, PartitionLog> _logs = [];
    private readonly Lock _gate = new();
    private readonly TimeProvider _time;

    private EmbeddedLedgerFiles(string folder, TimeProvider time)
    {
        _time = time;
        foreach (var path in Directory.EnumerateDirectories(Path.Combine(folder, EmbeddedLedger.FolderName)).Order(StringComparer.Ordinal))
        {
            if (LedgerPartition.TryParse(Path.GetFileName(path), out var partition))
            {
                _logs.Add(partition, new(partition, path));
            }
        }

        Partitions = [.. _logs.Keys];
        Identity = LedgerIdentity.Read(folder);
    }

    /// <summary>Which ledger this is, with the epoch of its last boot; null when the folder does not say.</summary>
    public LedgerIdentity? Identity { get; }

    /// <inheritdoc/>
    public IReadOnlyList<LedgerPartition> Partitions { get; }

    /// <summary>Whether a data folder holds a ledger.</summary>
    public static bool AreIn(string folder) => Directory.Exists(Path.Combine(folder, EmbeddedLedger.FolderName));

    /// <summary>Opens a data folder to read.</summary>
    /// <param name="folder">The data folder (the one that holds <c>ledger/</c>).</param>
    /// <param name="time">The clock that waits are measured by.</param>
    /// <exception cref="IOException">There is no ledger in it, or it cannot be read.</exception>
    public static EmbeddedLedgerFiles OpenReadOnly(string folder, TimeProvider time) => new(folder, time);

    /// <inheritdoc/>
    public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => new(Look(partition).Bounds);

    /// <inheritdoc/>
    public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken)
    {
        var log = _logs[partition];
        if (from >= log.Bounds.End)
        {
            log = Look(partition);
        }

        var batch = log.Read(from, maxBytes);
        return new(batch.Records.Count == 0 && batch.Damage is null ? batch with { Damage = log.TailDamage } : batch);
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken)
    {
        while (Look(partition).Bounds.End <= from)
        {
            await Task.Delay(LookEvery, _time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>The segments of a partition, oldest first.</summary>
    public IReadOnlyList<LedgerSegment> ListSegments(LedgerPartition partition) => SegmentListing.List(Look(partition));

    /// <summary>Reads a whole partition for damage that nobody accepted, and leaves it as it is.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IReadOnlyList<DamagedStretch> FindDamage(LedgerPartition partition, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _logs[partition].FindDamageBeside(cancellationToken);
        }
    }

    private PartitionLog Look(LedgerPartition partition)
    {
        var log = _logs[partition];
        lock (_gate)
        {
            log.LookAgain();
        }

        return log;
    }
}
