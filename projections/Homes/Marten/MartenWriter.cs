using System.Data;
using JasperFx.Events;
using Marten.Services;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using Npgsql;
using NpgsqlTypes;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>
/// Takes batches into Marten: events appended to their sessions' streams, the views of one session, and the partition's position are one transaction, so a batch counts once however often it comes.
/// Batches of several partitions run beside one another. What two of them should touch at the same time (an <c>initialize</c>, which ends in the session that it opened) fails the later one, which is then tried again.
/// </summary>
internal sealed class MartenWriter(MartenStores stores)
{
    /// <summary>Where to read on, on the side in force.</summary>
    public async ValueTask<long> NextOfAsync(LedgerPartition partition, CancellationToken cancellationToken)
    {
        try
        {
            return await NextOfAsync(await stores.ActiveAsync(cancellationToken), partition, cancellationToken);
        }
        catch (Exception e) when (Faults.IsOfDatabase(e))
        {
            throw Faults.Of(e);
        }
    }

    /// <summary>Where to read on, on that side.</summary>
    public async ValueTask<long> NextOfAsync(Side side, LedgerPartition partition, CancellationToken cancellationToken)
    {
        await using var command = stores.Source.CreateCommand($"SELECT next FROM {stores.SchemaOf(side)}.position WHERE partition = $1");
        command.Parameters.Add(new() { Value = partition.ToString() });
        return await command.ExecuteScalarAsync(cancellationToken) is long next ? next : 0;
    }

    /// <summary>Folds a batch: all of it, or nothing.</summary>
    /// <param name="side">Where to; null for the side in force.</param>
    /// <param name="partition">The records' partition.</param>
    /// <param name="records">In order.</param>
    /// <param name="next">Position afterwards; null leaves it where it is.</param>
    /// <param name="cancellationToken">Gives up; nothing is kept.</param>
    /// <exception cref="InvalidDataException">A record cannot be folded.</exception>
    /// <exception cref="IOException">The database is out of reach, or another batch was in the way.</exception>
    public async ValueTask<BatchResult> ApplyAsync(Side? side, LedgerPartition partition, IReadOnlyList<LedgerRecord> records, long? next, CancellationToken cancellationToken)
    {
        var entries = records.Select(LedgerEntry.Of).ToArray();
        try
        {
            await using var connection = await stores.Source.OpenConnectionAsync(cancellationToken);
            await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
            var target = side ?? await ActiveAsync(transaction, cancellationToken);
            var fresh = await FreshAsync(transaction, target, partition, entries, cancellationToken);
            await AppendAsync(transaction, target, fresh, cancellationToken);
            var result = new BatchResult(fresh.Count, entries.Length - fresh.Count, entries.Length == 0 ? 0 : entries.Max(e => QueryValues.Micros(e.Event.Header.Time)));
            await MoveAsync(transaction, target, partition, next, result, cancellationToken);
            await transaction.CommitAsync(cancellationToken);
            return result;
        }
        catch (Exception e) when (Faults.IsOfDatabase(e))
        {
            throw Faults.Of(e);
        }
    }

    // Shared with every batch, and in the way of a rebuild that puts the other side in force.
    private async ValueTask<Side> ActiveAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = Sql.Command(transaction.Connection!, $"SELECT active, version FROM {stores.Schema}.home FOR SHARE");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
        {
            throw Faults.NoSchema();
        }

        return row.GetInt32(1) == Folds.ViewsVersion.Now
            ? SideNames.Parse(row.GetString(0))
            : throw new IOException($"The read models are of version {row.GetInt32(1)}, this program keeps version {Folds.ViewsVersion.Now}. Run `mcpledger rebuild`: it folds the log anew while queries are answered.");
    }

    private async ValueTask<IReadOnlyList<LedgerEntry>> FreshAsync(
        NpgsqlTransaction transaction, Side side, LedgerPartition partition, LedgerEntry[] entries, CancellationToken cancellationToken)
    {
        var schema = stores.SchemaOf(side);
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                new($"INSERT INTO {schema}.position(partition, next, events, micros) VALUES($1, 0, 0, 0) ON CONFLICT DO NOTHING") { Parameters = { new() { Value = partition.ToString() } } },
                new($"SELECT next FROM {schema}.position WHERE partition = $1 FOR UPDATE") { Parameters = { new() { Value = partition.ToString() } } },
                new($"SELECT id FROM {schema}.mt_events WHERE id = ANY($1)")
                {
                    Parameters = { new() { Value = entries.Select(e => e.Event.Header.Id.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid } },
                },
            },
        };
        await using var rows = await batch.ExecuteReaderAsync(cancellationToken);
        await rows.NextResultAsync(cancellationToken);
        var seen = new HashSet<Guid>();
        while (await rows.ReadAsync(cancellationToken))
        {
            seen.Add(rows.GetGuid(0));
        }

        return [.. entries.Where(e => seen.Add(e.Event.Header.Id.Value))];
    }

    private async ValueTask AppendAsync(NpgsqlTransaction transaction, Side side, IReadOnlyList<LedgerEntry> entries, CancellationToken cancellationToken)
    {
        if (entries.Count == 0)
        {
            return;
        }

        await using var session = stores.Of(side).LightweightSession(SessionOptions.ForTransaction(transaction));
        foreach (var stream in entries.GroupBy(Streams.Of, StringComparer.Ordinal))
        {
            session.Events.Append(stream.Key, stream.Select(e => (object)new Event<LedgerEntry>(e) { Id = e.Event.Header.Id.Value, Timestamp = e.Event.Header.Time }));
        }

        await session.SaveChangesAsync(cancellationToken);
    }

    // Never back: a consumer that lost its partition may still bring what another has handled.
    private async ValueTask MoveAsync(NpgsqlTransaction transaction, Side side, LedgerPartition partition, long? next, BatchResult result, CancellationToken cancellationToken)
    {
        await using var command = Sql.Command(
            transaction.Connection!,
            $"UPDATE {stores.SchemaOf(side)}.position SET next = greatest(next, $2), events = events + $3, micros = greatest(micros, $4) WHERE partition = $1",
            partition.ToString(),
            next ?? 0,
            (long)result.Folded + result.Repeated,
            result.LastMicros);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
