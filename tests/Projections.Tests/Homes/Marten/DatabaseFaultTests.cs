using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace McpLedger.Projections.Tests.Homes.Marten;

/// <summary>A server that is killed, one that was never there, and one that lets nobody in.</summary>
public sealed class DatabaseFaultTests(PostgresServer server)
{
    private static readonly int Kills = Environment.GetEnvironmentVariable("MCPLEDGER_LONG") is null ? 3 : 12;

    [Fact]
    public async Task Nothing_is_lost_or_doubled_when_the_server_is_killed_under_load()
    {
        Assert.SkipWhen(LocalPostgres.Missing is not null, LocalPostgres.Missing ?? "");
        await using var local = await LocalPostgres.StartAsync();
        await using var home = await TemporaryMarten.OpenAsync(await local.NewDatabaseAsync("faults"));
        using var embedded = new TemporaryHome();
        using var folder = new TemporaryFolder();
        var ledger = new Given(41).Ledger(6_000);
        await embedded.FoldAsync(ledger);
        await using var services = Services();
        var telemetry = new ProjectionTelemetry(services.GetRequiredService<IMeterFactory>(), NullLogger<ProjectionTelemetry>.Instance);
        var handler = new MartenHandler(home.Stores, ledger, TimeProvider.System, telemetry);
        using var leader = new MartenLeader(home.Stores, TimeProvider.System, telemetry);
        using var stop = new CancellationTokenSource();
        var parking = new ParkingFolder(folder.Path, TimeProvider.System);
        var consumers = ledger.Partitions.Select(p => new PartitionConsumer(
            new() { Name = "projections", MaxBatchBytes = 20_000, LongestRetryDelay = TimeSpan.FromMilliseconds(500) }, p, ledger, handler, parking, TimeProvider.System, services.GetRequiredService<ConsumerTelemetry>())).ToArray();
        await leader.StartAsync(CancellationToken.None);
        var running = consumers.Select(c => c.RunAsync(stop.Token)).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            var reached = ledger.Of(LedgerPartition.Calls).Count * (kill + 1) / (Kills + 1);
            await UntilAsync(() => Task.FromResult(consumers[0].State.Handled >= reached));
            await local.KillAsync();
            await local.RestartAsync();
        }

        await UntilAsync(() => Task.FromResult(consumers.All(c => c.State.Position == ledger.Of(c.Partition).Count)));
        await UntilAsync(async () => await MartenDaemon.LagAsync(home.Stores, Side.Blue, CancellationToken.None) == 0);
        await stop.CancelAsync();
        await Task.WhenAll(running);
        await leader.StopAsync(CancellationToken.None);

        Assert.Empty(TemporaryMarten.Differences(await home.DigestAsync(), embedded.Home.Writer!.Digest()));
        Assert.Empty(await parking.ListAsync(CancellationToken.None));
        Assert.Equal(ledger.Partitions.Sum(p => ledger.Of(p).Count), await home.CountAsync("SELECT count(*) FROM mcpledger_blue.mt_events"));
        foreach (var consumer in consumers)
        {
            consumer.Dispose();
        }
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_trouble_to_be_tried_again()
    {
        await using var stores = new MartenStores(new() { ConnectionString = "Host=127.0.0.1;Port=1;Username=nobody;Timeout=2" });

        await Assert.ThrowsAsync<IOException>(async () => await new MartenWriter(stores).NextOfAsync(LedgerPartition.Calls, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await new MartenWriter(stores).ApplyAsync(null, LedgerPartition.Calls, [], 1, CancellationToken.None));
        var views = new MartenViews(stores, TimeProvider.System);
        await Assert.ThrowsAsync<IOException>(async () => await views.PositionsAsync(CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await views.KeysAsync(10, null, CancellationToken.None));
        await Assert.ThrowsAsync<IOException>(async () => await views.SessionAtAsync("s", TimeProvider.System.GetUtcNow(), CancellationToken.None));
    }

    [Fact]
    public async Task A_server_without_a_place_left_is_trouble_to_be_tried_again()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var name = new NpgsqlConnectionStringBuilder(home.Options.ConnectionString).Database;
        await using var beside = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(home.Options.ConnectionString) { Database = "postgres" }.ConnectionString);
        await using (var close = beside.CreateCommand($"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        {
            await close.ExecuteNonQueryAsync();
        }

        await using var late = new MartenStores(home.Options with { ConnectionString = home.Options.ConnectionString + ";Application Name=late" });
        await Assert.ThrowsAsync<IOException>(async () => await new MartenWriter(late).NextOfAsync(LedgerPartition.Calls, CancellationToken.None));
    }

    [Fact]
    public async Task Two_batches_that_meet_on_one_call_leave_no_half_of_it()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        var (given, ledger) = (new Given(43), new MemoryLedger());
        var calls = Enumerable.Range(0, 40).Select(_ => given.NewId()).ToArray();
        foreach (var call in calls)
        {
            given.Append(ledger, given.Intended(call, "alice", "files", "read_file", "before", "x"));
        }

        foreach (var call in calls)
        {
            given.Append(ledger, given.Completed(call, "alice", "files", "read_file", "after", "x", CallOutcome.Ok, 5));
        }

        var records = ledger.Of(LedgerPartition.Calls);
        await Task.WhenAll(ApplyAsync(0, records.Take(40)), ApplyAsync(1, records.Skip(40)));

        Assert.Equal(40, await home.CountAsync("SELECT count(*) FROM mcpledger_blue.mt_doc_calls WHERE data->>'intendedEvent' IS NOT NULL AND data->>'completedEvent' IS NOT NULL"));

        async Task ApplyAsync(int number, IEnumerable<LedgerRecord> share)
        {
            foreach (var record in share)
            {
                while (true)
                {
                    try
                    {
                        await home.Writer.ApplyAsync(null, new(LedgerLog.Calls, number), [record], record.Offset + 1, CancellationToken.None);
                        break;
                    }
                    catch (IOException)
                    {
                        await Task.Yield();
                    }
                }
            }
        }
    }

    private static ServiceProvider Services() => new ServiceCollection().AddMetrics().AddLogging().AddSingleton<ConsumerTelemetry>().BuildServiceProvider();

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (NpgsqlException)
            {
                // It is just starting.
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }
}
