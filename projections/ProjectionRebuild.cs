using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming;

namespace McpLedger.Projections;

/// <summary>Builds the read models anew from the log and compares the rows (I6).</summary>
public static class ProjectionRebuild
{
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
            var replay = new LogReplay(reader, (p, _) => new(next.NextOf(p)), (p, records, position, stop) => next.ApplyAsync(p, records, position, blobs, stop));
            await replay.CatchUpAsync(await home.ReadAsync(ViewReading.Positions, cancellationToken), cancellationToken);
            await turn.WaitAsync(cancellationToken);
            try
            {
                await replay.CatchUpAsync(await home.ReadAsync(ViewReading.Positions, cancellationToken), cancellationToken);
                var (before, after) = (home.Writer!.Digest(), next.Digest());
                var (forgotten, isKept) = await CompareKeptAsync(home.Writer, next, reader, cancellationToken);
                home.Replace(next);
                replaced = true;
                return new(before.Whole.ToString(), after.Whole.ToString(), after.DifferencesTo(before), replay.Events, replay.Unfoldable, forgotten, isKept, time.GetElapsedTime(began));
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

    // Views are sums: where some of what they counted is not kept any more, only the events that are can be compared row by row.
    private static async ValueTask<(long Forgotten, bool IsKept)> CompareKeptAsync(
        ProjectionWriter before, ProjectionWriter after, ILedgerReader reader, CancellationToken cancellationToken)
    {
        var (forgotten, isKept) = (0L, true);
        foreach (var partition in reader.Partitions)
        {
            var first = (await reader.BoundsAsync(partition, cancellationToken)).First;
            var ((was, gone), (now, _)) = (before.DigestFrom(partition, first), after.DigestFrom(partition, first));
            forgotten += gone;
            isKept &= was == now;
        }

        return (forgotten, isKept);
    }
}

/// <summary>What a rebuild found.</summary>
/// <param name="Before">Digest of the rows that were in force.</param>
/// <param name="After">Digest of the rows that are now.</param>
/// <param name="Differences">Tables whose rows differ. Where events were forgotten they do: views no longer count them.</param>
/// <param name="Events">Events folded.</param>
/// <param name="Unfoldable">Records that could not be folded; they are parked.</param>
/// <param name="Forgotten">Events that the read models held and the ledger does not keep any more.</param>
/// <param name="IsKept">Whether the events that are kept came back row by row.</param>
/// <param name="Took">How long it took.</param>
public sealed record RebuildReport(
    string Before, string After, IReadOnlyList<string> Differences, long Events, long Unfoldable, long Forgotten, bool IsKept, TimeSpan Took)
{
    /// <summary>Whether the same rows came back: all of them, or, where events were forgotten, those of every event that is kept.</summary>
    public bool Identical => Before == After || (Forgotten > 0 && IsKept);
}
