using McpLedger.Projections.Folds;
using McpLedger.Streaming;
using Npgsql;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>
/// Builds the other side anew from the log while the one in force takes batches and answers, compares views and stored events of both, and puts it in force in one transaction that batches wait for.
/// The side before stays as it was until the next rebuild empties it.
/// </summary>
internal static class MartenRebuild
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <exception cref="IOException">The ledger is damaged, the database is out of reach, or a rebuild runs already; the read models stay as they were.</exception>
    public static async ValueTask<RebuildReport> RunAsync(MartenStores stores, ILedgerReader reader, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            var began = time.GetTimestamp();
            await using var connection = await stores.Source.OpenConnectionAsync(cancellationToken);
            if (!await TakeAsync(connection, stores.Schema, cancellationToken))
            {
                throw new IOException("A rebuild runs already. Wait for its end.");
            }

            try
            {
                return await RunAsync(stores, reader, connection, time, began, cancellationToken);
            }
            finally
            {
                await ReleaseAsync(connection, stores.Schema);
            }
        }
        catch (Exception e) when (Faults.IsOfDatabase(e))
        {
            throw Faults.Of(e);
        }
    }

    private static async ValueTask<RebuildReport> RunAsync(
        MartenStores stores, ILedgerReader reader, NpgsqlConnection connection, TimeProvider time, long began, CancellationToken cancellationToken)
    {
        var before = await stores.ActiveAsync(cancellationToken);
        var after = before.Other();
        await EmptyAsync(stores, after, cancellationToken);
        var writer = new MartenWriter(stores);
        var replay = new LogReplay(
            reader,
            (partition, stop) => writer.NextOfAsync(after, partition, stop),
            (partition, records, next, stop) => writer.ApplyAsync(after, partition, records, next, stop),
            LogReplay.IsParked);

        // Most of the log while the folding goes on; what came meanwhile with it held.
        await using var daemon = await MartenDaemon.StartAsync(stores, after);
        await replay.CatchUpAsync(await stores.PositionsAsync(before, cancellationToken), cancellationToken);
        await daemon.CatchUpAsync(time, cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        int version;
        await using (var hold = Sql.Command(connection, $"SELECT version FROM {stores.Schema}.home FOR UPDATE"))
        {
            version = (int)(await hold.ExecuteScalarAsync(cancellationToken))!;
        }

        await replay.CatchUpAsync(await stores.PositionsAsync(before, cancellationToken), cancellationToken);
        await daemon.CatchUpAsync(time, cancellationToken);
        if (version == ViewsVersion.Now)
        {
            await OtherCaughtUpAsync(stores, before, time, cancellationToken);
        }

        var was = await MartenDigest.OfAsync(stores, before, cancellationToken);
        var now = await MartenDigest.OfAsync(stores, after, cancellationToken);
        var (forgotten, isKept) = await MartenEvents.CompareAsync(stores, before, after, reader, cancellationToken);
        await using (var switched = Sql.Command(connection, $"UPDATE {stores.Schema}.home SET active = $1, version = $2", after.Text(), ViewsVersion.Now))
        {
            await switched.ExecuteNonQueryAsync(cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
        IReadOnlyList<string> differences = [.. now.DifferencesTo(was), .. isKept ? Array.Empty<string>() : [MartenEvents.Name]];
        return new(was.Whole.ToString(), now.Whole.ToString(), differences, replay.Events, replay.Unfoldable, forgotten, isKept, time.GetElapsedTime(began))
        {
            OfVersion = version == ViewsVersion.Now ? null : version,
        };
    }

    // The leader keeps the side in force; where nobody leads, its views across sessions differ and the report says so.
    private static async ValueTask OtherCaughtUpAsync(MartenStores stores, Side before, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (await MartenDaemon.LagAsync(stores, before, cancellationToken) > 0 && time.GetElapsedTime(began) < Patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken);
        }
    }

    private static async ValueTask EmptyAsync(MartenStores stores, Side side, CancellationToken cancellationToken)
    {
        string[] tables = ["mt_events", "mt_streams", "mt_event_progression", "position", .. ViewFold.All.Select(f => $"mt_doc_{f.Name}")];
        var schema = stores.SchemaOf(side);
        await using var batch = stores.Source.CreateBatch();
        batch.BatchCommands.Add(new($"TRUNCATE {string.Join(", ", tables.Select(t => $"{schema}.{t}"))} CASCADE"));

        // The daemon begins at nothing: numbers that nobody will ever use would make it wait for them.
        batch.BatchCommands.Add(new($"SELECT setval('{schema}.mt_events_sequence', 1, false)"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static async ValueTask<bool> TakeAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var command = Sql.Command(connection, "SELECT pg_try_advisory_lock(hashtext('mcpledger-rebuild'), hashtext($1))", schema);
        return await command.ExecuteScalarAsync(cancellationToken) is true;
    }

    private static async ValueTask ReleaseAsync(NpgsqlConnection connection, string schema)
    {
        if (connection.State == System.Data.ConnectionState.Open)
        {
            await using var command = Sql.Command(connection, "SELECT pg_advisory_unlock(hashtext('mcpledger-rebuild'), hashtext($1))", schema);
            await command.ExecuteNonQueryAsync(CancellationToken.None);
        }
    }
}
