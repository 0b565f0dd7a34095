using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming;

namespace McpLedger.Projections;

/// <summary>Builds the read models anew from the log and compares the rows (I6).</summary>
public static class ProjectionRebuild
{
    private const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>Rebuilds while nobody else writes to the home.</summary>
    /// <param name="home">The home, opened to write.</param>
    /// <param name="reader">The ledger.</param>
    /// <param name="blobs">The ledger's blobs.</param>
    /// <param name="time">The clock, for how long it took.</param>
    /// <param name="cancellationToken">Leaves the read models as they were.</param>
    public static async ValueTask<RebuildReport> RunAsync(ProjectionHome home, ILedgerReader reader, IBlobStore blobs, TimeProvider time, CancellationToken cancellationToken)
    {
        using var turn = new SemaphoreSlim(1, 1);
        return await RunAsync(home, reader, blobs, turn, time, cancellationToken);
    }

    internal static async ValueTask<RebuildReport> RunAsync(
        ProjectionHome home, ILedgerReader reader, IBlobStore blobs, SemaphoreSlim turn, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
#pragma warning disable CA2000 // The home owns it once it is in force; until then the block below disposes of it.
        var next = home.NewGeneration();
#pragma warning restore CA2000
        var replaced = false;
        try
        {
            // Most of the log while the folding goes on; what came meanwhile with it held.
            var counts = new Counts();
            await CatchUpAsync(home, next, reader, blobs, counts, cancellationToken);
            await turn.WaitAsync(cancellationToken);
            try
            {
                await CatchUpAsync(home, next, reader, blobs, counts, cancellationToken);
                var (before, after) = (home.Writer!.Digest(), next.Digest());
                home.Replace(next);
                replaced = true;
                return new(before.Whole.ToString(), after.Whole.ToString(), after.DifferencesTo(before), counts.Events, counts.Unfoldable, time.GetElapsedTime(began));
            }
            finally
            {
                turn.Release();
            }
        }
        finally
        {
            if (!replaced)
            {
                next.Dispose();
                ProjectionHome.Remove(next.Path);
            }
        }
    }

    private static async ValueTask CatchUpAsync(
        ProjectionHome home, ProjectionWriter next, ILedgerReader reader, IBlobStore blobs, Counts counts, CancellationToken cancellationToken)
    {
        // Read beside the writer, which may be in the middle of a batch.
        var positions = await home.ReadAsync(ViewReading.Positions, cancellationToken);
        foreach (var partition in reader.Partitions)
        {
            var end = positions.GetValueOrDefault(partition.ToString()).Next;
            var bounds = await reader.BoundsAsync(partition, cancellationToken);
            var position = Math.Max(next.NextOf(partition), bounds.First);
            while (position < end)
            {
                var batch = await reader.ReadAsync(partition, position, BatchBytes, cancellationToken);
                if (batch.Damage is { } damage && batch.Records.Count == 0)
                {
                    throw new IOException($"{partition} is damaged at offset {position}: {damage}");
                }

                var records = batch.Records.Where(r => r.Offset < end).ToArray();
                position = records.Length == 0 ? end : Math.Min(batch.Next, end);
                await ApplyAsync(next, partition, records, position, blobs, counts, cancellationToken);
            }
        }
    }

    private static async ValueTask ApplyAsync(
        ProjectionWriter next, LedgerPartition partition, LedgerRecord[] records, long position, IBlobStore blobs, Counts counts, CancellationToken cancellationToken)
    {
        try
        {
            counts.Events += (await next.ApplyAsync(partition, records, position, blobs, cancellationToken)).Folded;
        }
        catch (InvalidDataException) when (records.Length > 1)
        {
            foreach (var record in records)
            {
                await ApplyAsync(next, partition, [record], record.Offset + 1, blobs, counts, cancellationToken);
            }
        }
        catch (InvalidDataException)
        {
            // The consumer parked it when it met it first; there its bytes and the reason are.
            counts.Unfoldable++;
            await next.ApplyAsync(partition, [], position, blobs, cancellationToken);
        }
    }

    private sealed class Counts
    {
        public long Events { get; set; }

        public long Unfoldable { get; set; }
    }
}

/// <summary>What a rebuild found.</summary>
/// <param name="Before">Digest of the rows that were in force.</param>
/// <param name="After">Digest of the rows that are now.</param>
/// <param name="Differences">Tables whose rows differ. Where retention dropped segments, or a parked record was replayed, they may.</param>
/// <param name="Events">Events folded.</param>
/// <param name="Unfoldable">Records that could not be folded; they are parked.</param>
/// <param name="Took">How long it took.</param>
public sealed record RebuildReport(string Before, string After, IReadOnlyList<string> Differences, long Events, long Unfoldable, TimeSpan Took)
{
    /// <summary>Whether the same rows came back.</summary>
    public bool Identical => Before == After;
}
