using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming;
using McpLedger.Streaming.Parking;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace McpLedger.Projections;

/// <summary>Builds the read models anew from the log and compares the rows (I6). What cannot be read of those before is a difference, and no obstacle.</summary>
public static class ProjectionRebuild
{
    private const string Unreadable = "unreadable";

    /// <summary>Rebuilds while nobody else writes to the home, to the end of the ledger: the rows are compared where the read models before stood, which may be nowhere.</summary>
    /// <param name="home">The home, opened to write.</param>
    /// <param name="reader">The ledger.</param>
    /// <param name="blobs">The ledger's blobs.</param>
    /// <param name="parking">Where records go that cannot be folded: no consumer met those behind the read models before.</param>
    /// <param name="time">The clock, for how long it took.</param>
    /// <param name="cancellationToken">Leaves the read models as they were.</param>
    /// <exception cref="IOException">The ledger is damaged; the read models stay as they were.</exception>
    public static async ValueTask<RebuildReport> RunAsync(
        ProjectionHome home, ILedgerReader reader, IBlobStore blobs, IParkingLot parking, TimeProvider time, CancellationToken cancellationToken)
    {
        using var turn = new SemaphoreSlim(1, 1);
        return await RunAsync(home, reader, blobs, turn, (record, reason, stop) => parking.ParkAsync(ProjectionExtensions.ConsumerName, record, reason, stop), toTheEnd: true, time, cancellationToken);
    }

    /// <summary>Rebuilds beside the consumers, whose batches take turns with it: to where they are.</summary>
    internal static ValueTask<RebuildReport> RunAsync(
        ProjectionHome home, ILedgerReader reader, IBlobStore blobs, SemaphoreSlim turn, TimeProvider time, CancellationToken cancellationToken) =>
        RunAsync(home, reader, blobs, turn, LogReplay.IsParked, toTheEnd: false, time, cancellationToken);

    private static async ValueTask<RebuildReport> RunAsync(
        ProjectionHome home,
        ILedgerReader reader,
        IBlobStore blobs,
        SemaphoreSlim turn,
        Func<LedgerRecord, string, CancellationToken, ValueTask> park,
        bool toTheEnd,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
#pragma warning disable CA2000 // The home owns it once it is in force; until then the block below disposes of it.
        var next = home.NewGeneration();
#pragma warning restore CA2000
        var replaced = false;
        try
        {
            // Most of the log while the folding goes on; what came meanwhile with it held.
            var replay = new LogReplay(reader, (p, _) => new(next.NextOf(p)), (p, records, position, stop) => next.ApplyAsync(p, records, position, blobs, stop), park);
            await replay.CatchUpAsync(await StoodAsync(home, reader, cancellationToken), cancellationToken);
            await turn.WaitAsync(cancellationToken);
            try
            {
                await replay.CatchUpAsync(await StoodAsync(home, reader, cancellationToken), cancellationToken);
                var (compared, after) = (replay.Events, next.Digest());
                var (before, forgotten, isKept) = await CompareAsync(home.Writer!, next, reader, cancellationToken);
                IReadOnlyList<string> differences = before is null ? [.. after.Tables.Keys] : after.DifferencesTo(before);
                if (toTheEnd)
                {
                    await replay.CatchUpAsync(await EndsAsync(reader, cancellationToken), cancellationToken);
                    after = replay.Events == compared ? after : next.Digest();
                }

                home.Replace(next);
                replaced = true;
                return new(before?.Whole.ToString() ?? Unreadable, after.Whole.ToString(), differences, replay.Events, replay.Unfoldable, forgotten, isKept, time.GetElapsedTime(began))
                {
                    Added = replay.Events - compared,
                };
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

    // Where the read models in force are, but not behind the ledger's end: a ledger that was restored may be shorter than what was made of it.
    private static async ValueTask<IReadOnlyDictionary<string, ViewPosition>> StoodAsync(ProjectionHome home, ILedgerReader reader, CancellationToken cancellationToken)
    {
        var ends = await EndsAsync(reader, cancellationToken);
        try
        {
            var stood = await home.ReadAsync(ViewReading.Positions, cancellationToken);
            return ends.ToDictionary(e => e.Key, e => e.Value with { Next = Math.Min(e.Value.Next, stood.GetValueOrDefault(e.Key).Next) }, StringComparer.Ordinal);
        }
        catch (SqliteException e) when (IsUnreadable(e))
        {
            return ends;
        }
    }

    private static async ValueTask<IReadOnlyDictionary<string, ViewPosition>> EndsAsync(ILedgerReader reader, CancellationToken cancellationToken)
    {
        var ends = new Dictionary<string, ViewPosition>(StringComparer.Ordinal);
        foreach (var partition in reader.Partitions)
        {
            ends.Add(partition.ToString(), new((await reader.BoundsAsync(partition, cancellationToken)).End, 0, 0));
        }

        return ends;
    }

    private static async ValueTask<(ProjectionDigest? Before, long Forgotten, bool IsKept)> CompareAsync(
        ProjectionWriter before, ProjectionWriter after, ILedgerReader reader, CancellationToken cancellationToken)
    {
        try
        {
            var digest = before.Digest();
            var (forgotten, isKept) = await CompareKeptAsync(before, after, reader, cancellationToken);
            return (digest, forgotten, isKept);
        }
        catch (SqliteException e) when (IsUnreadable(e))
        {
            return (null, 0, false);
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

    // A file that is damaged, and not one that is only in use or was interrupted.
    private static bool IsUnreadable(SqliteException e) =>
        e.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB or raw.SQLITE_ERROR or raw.SQLITE_IOERR or raw.SQLITE_CANTOPEN or raw.SQLITE_SCHEMA;
}

/// <summary>What a rebuild found.</summary>
/// <param name="Before">Digest of the rows that were in force; <c>unreadable</c> where they could not be read.</param>
/// <param name="After">Digest of the rows that are now.</param>
/// <param name="Differences">Tables whose rows differ, up to where the read models before stood. Where events were forgotten they do: views no longer count them.</param>
/// <param name="Events">Events folded.</param>
/// <param name="Unfoldable">Records that could not be folded; they are parked.</param>
/// <param name="Forgotten">Events that the read models held and the ledger does not keep any more.</param>
/// <param name="IsKept">Whether the events that are kept came back row by row.</param>
/// <param name="Took">How long it took.</param>
public sealed record RebuildReport(
    string Before, string After, IReadOnlyList<string> Differences, long Events, long Unfoldable, long Forgotten, bool IsKept, TimeSpan Took)
{
    /// <summary>Events behind where the read models before stood, which nothing could be compared with.</summary>
    public long Added { get; init; }

    /// <summary>The version that the rows before were of, where this program keeps another: they were not made as these are, and differ because of that. Null where both are of one version.</summary>
    public int? OfVersion { get; init; }

    /// <summary>Whether the same rows came back: all of them, or, where events were forgotten, those of every event that is kept. Rows of another version are no others than they should be.</summary>
    public bool Identical => Differences.Count == 0 || (Forgotten > 0 && IsKept) || OfVersion is not null;
}
