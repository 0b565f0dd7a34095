using JasperFx;
using McpLedger.Projections.Folds;
using Npgsql;
using Weasel.Core;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>The tables of the read models in PostgreSQL: what is missing as SQL to be read first, then made, and looked at at every start. Nothing else changes them.</summary>
public sealed class MartenSchema : IAsyncDisposable
{
    private readonly MartenStores _stores;

    /// <summary>Of the database that the options name.</summary>
    /// <exception cref="ArgumentException">The connection string or the schema's name is none.</exception>
    public MartenSchema(MartenHomeOptions options) => _stores = new(options);

    /// <summary>The SQL that brings the database to what this program needs; empty when nothing is missing.</summary>
    /// <exception cref="IOException">The database cannot be reached.</exception>
    public async ValueTask<string> DiffAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var writer = new StringWriter();
            foreach (var side in Enum.GetValues<Side>())
            {
                var database = _stores.Of(side).Storage.Database;
                var migration = await database.CreateMigrationAsync(cancellationToken);
                if (migration.Difference != SchemaPatchDifference.None)
                {
                    migration.WriteAllUpdates(writer, database.Migrator, AutoCreate.CreateOrUpdate);
                }
            }

            return writer.ToString();
        }
        catch (Exception e) when (Faults.IsOfDatabase(e))
        {
            throw Faults.Of(e);
        }
    }

    /// <summary>Makes what is missing.</summary>
    /// <returns>False when nothing was.</returns>
    /// <exception cref="IOException">The database cannot be reached, or a change would lose data.</exception>
    public async ValueTask<bool> ApplyAsync(CancellationToken cancellationToken)
    {
        try
        {
            var changed = false;
            foreach (var side in Enum.GetValues<Side>())
            {
                changed |= await _stores.Of(side).Storage.Database.ApplyAllConfiguredChangesToDatabaseAsync(AutoCreate.CreateOrUpdate, null, cancellationToken) != SchemaPatchDifference.None;
            }

            await using var command = _stores.Source.CreateCommand($"INSERT INTO {_stores.Schema}.home(one, active, version) VALUES(true, $1, $2) ON CONFLICT DO NOTHING");
            command.Parameters.Add(new() { Value = Side.Blue.Text() });
            command.Parameters.Add(new() { Value = ViewsVersion.Now });
            return await command.ExecuteNonQueryAsync(cancellationToken) > 0 || changed;
        }
        catch (Exception e) when (Faults.IsOfDatabase(e) || e is SchemaMigrationException)
        {
            throw Faults.Of(e);
        }
    }

    /// <summary>Looks whether the database has what this program needs.</summary>
    /// <returns>Null when it has, or what is wrong and what to do.</returns>
    /// <exception cref="IOException">The database cannot be reached.</exception>
    public async ValueTask<SchemaFault?> CheckAsync(CancellationToken cancellationToken)
    {
        if (await DiffAsync(cancellationToken) is { Length: > 0 })
        {
            return new(Faults.NoSchema().Message, IsOfVersion: false);
        }

        try
        {
            await using var command = _stores.Source.CreateCommand($"SELECT version FROM {_stores.Schema}.home");
            return await command.ExecuteScalarAsync(cancellationToken) switch
            {
                ViewsVersion.Now => null,
                int version => new($"The read models are of version {version}, this program keeps version {ViewsVersion.Now}. Run `mcpledger rebuild`.", IsOfVersion: true),
                _ => new(Faults.NoSchema().Message, IsOfVersion: false),
            };
        }
        catch (NpgsqlException e)
        {
            throw Faults.Of(e);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stores.DisposeAsync();
}

/// <summary>What a database lacks.</summary>
/// <param name="Message">What is wrong and what to do.</param>
/// <param name="IsOfVersion">The tables are there and hold views of another version, which a rebuild folds anew.</param>
public sealed record SchemaFault(string Message, bool IsOfVersion);
