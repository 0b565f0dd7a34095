using McpLedger.Projections.Homes;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Testing.Postgres;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgresServer))]

namespace McpLedger.Projections.Tests.Homes.Marten;

/// <summary>Read models in a database of their own. Where there is no server, the test skips and says why.</summary>
internal sealed class TemporaryMarten : IAsyncDisposable
{
    private TemporaryMarten(MartenHomeOptions options)
    {
        Options = options;
        Stores = new(options);
        Writer = new(Stores);
        Views = new(Stores, Time);
    }

    public MartenHomeOptions Options { get; }

    public MartenStores Stores { get; }

    public MartenWriter Writer { get; }

    public MartenViews Views { get; }

    public FakeTimeProvider Time { get; } = new(Given.Start.AddDays(1));

    public static async Task<TemporaryMarten> MakeAsync(PostgresServer server)
    {
        var (connection, reason) = await server.NewDatabaseAsync();
        Assert.SkipWhen(connection is null, reason ?? "");
        return await OpenAsync(connection);
    }

    /// <summary>In a database that is there, with its tables made.</summary>
    public static async Task<TemporaryMarten> OpenAsync(string connection)
    {
        var options = new MartenHomeOptions { ConnectionString = connection };
        await using (var schema = new MartenSchema(options))
        {
            await schema.ApplyAsync(CancellationToken.None);
        }

        return new(options);
    }

    /// <summary>Queries over these views; events are found by the embedded index.</summary>
    public LedgerQueries Queries(TemporaryHome events, MemoryLedger ledger) => new(Views, new Projections.Search.Sqlite.SqliteIndex(events.Home), ledger, events.Time);

    public async Task FoldAsync(MemoryLedger ledger, int batchBytes = 200_000)
    {
        foreach (var partition in ledger.Partitions)
        {
            while (true)
            {
                var batch = await ledger.ReadAsync(partition, await Writer.NextOfAsync(partition, CancellationToken.None), batchBytes, CancellationToken.None);
                if (batch.Records.Count == 0)
                {
                    break;
                }

                await Writer.ApplyAsync(null, partition, batch.Records, batch.Next, CancellationToken.None);
            }
        }
    }

    /// <summary>Lets the daemon fold what is there.</summary>
    public async Task CatchUpAsync()
    {
        await using var daemon = await MartenDaemon.StartAsync(Stores, await Stores.ActiveAsync(CancellationToken.None));
        await daemon.CatchUpAsync(TimeProvider.System, CancellationToken.None).AsTask().WaitAsync(TimeSpan.FromMinutes(5));
    }

    public async Task<ProjectionDigest> DigestAsync() => await MartenDigest.OfAsync(Stores, await Stores.ActiveAsync(CancellationToken.None), CancellationToken.None);

    public async Task<long> CountAsync(string sql)
    {
        await using var command = Stores.Source.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public async ValueTask DisposeAsync()
    {
        await Stores.DisposeAsync();
        NpgsqlConnection.ClearAllPools();
    }

    /// <summary>Views whose digests differ between the homes; tables that only the embedded one has are left out.</summary>
    public static IReadOnlyList<string> Differences(ProjectionDigest marten, ProjectionDigest embedded) => [.. marten.Tables.Keys.Where(k => marten.Tables[k] != embedded.Tables[k])];
}
