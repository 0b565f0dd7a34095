using System.Diagnostics.Metrics;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Testing.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace McpLedger.Projections.Tests.Homes.Marten;

/// <summary>Of several processes one keeps the views across sessions.</summary>
public sealed class LeaderTests(PostgresServer server)
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task One_of_two_leads_and_the_other_takes_over_when_it_stops()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var first = Leader(home, meters);
        using var second = Leader(home, meters);
        await first.StartAsync(CancellationToken.None);
        await UntilAsync(() => first.Leads);
        await second.StartAsync(CancellationToken.None);
        var ledger = new Given(31).Ledger(200);
        await home.FoldAsync(ledger);
        await UntilAsync(async () => await MartenDaemon.LagAsync(home.Stores, Side.Blue, CancellationToken.None) == 0);
        Assert.False(second.Leads);

        await first.StopAsync(CancellationToken.None);
        await UntilAsync(() => second.Leads);
        ledger = new Given(32).Ledger(200);
        await home.Writer.ApplyAsync(null, new(Contracts.Events.LedgerLog.Calls, 1), ledger.Of(Contracts.Events.LedgerPartition.Calls), 99, CancellationToken.None);
        await UntilAsync(async () => await MartenDaemon.LagAsync(home.Stores, Side.Blue, CancellationToken.None) == 0);
        await second.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_leader_whose_connection_is_taken_leads_no_more_and_is_followed()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var first = Leader(home, meters);
        using var second = Leader(home, meters);
        await first.StartAsync(CancellationToken.None);
        await UntilAsync(() => first.Leads);
        await second.StartAsync(CancellationToken.None);

        Assert.Equal(1, await home.CountAsync("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'mcpledger-leader' AND datname = current_database() AND pid IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"));
        await UntilAsync(async () => await home.CountAsync("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())") == 1);
        await UntilAsync(() => first.Leads != second.Leads);
        await second.StopAsync(CancellationToken.None);
        await first.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_leader_whose_daemon_lost_its_connection_starts_another()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var leader = Leader(home, meters);
        await leader.StartAsync(CancellationToken.None);
        await UntilAsync(() => leader.Leads);

        await TakeConnectionAsync(home);

        await UntilAsync(async () => await MartenDaemon.LagAsync(home.Stores, Side.Blue, CancellationToken.None) == 0);
        await leader.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task Waiting_for_a_daemon_that_stands_still_ends_with_the_reason()
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        await using var daemon = await MartenDaemon.StartAsync(home.Stores, Side.Blue);

        await TakeConnectionAsync(home);

        await Assert.ThrowsAsync<IOException>(() => daemon.CatchUpAsync(TimeProvider.System, CancellationToken.None).AsTask().WaitAsync(3 * Promised));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_side_of_another_version_is_left_to_a_process_of_that(int difference)
    {
        await using var home = await TemporaryMarten.MakeAsync(server);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var leader = Leader(home, meters);
        await leader.StartAsync(CancellationToken.None);
        await UntilAsync(() => leader.Leads);

        await home.CountAsync($"WITH changed AS (UPDATE mcpledger.home SET version = version + {difference} RETURNING 1) SELECT count(*) FROM changed");

        await UntilAsync(() => !leader.Leads);
        await using var other = await MartenLeader.ConnectAsync(home.Stores, CancellationToken.None);
        await UntilAsync(async () => await MartenLeader.TryTakeAsync(other, home.Stores.Schema, CancellationToken.None));
        await leader.StopAsync(CancellationToken.None);
    }

    [Fact]
    public async Task A_leader_that_hangs_loses_its_lock()
    {
        // What hangs says nothing on its connection, and PostgreSQL ends it: here a connection with the leader's own settings that falls silent.
        await using var home = await TemporaryMarten.MakeAsync(server);
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        await using var silent = await MartenLeader.ConnectAsync(home.Stores, CancellationToken.None);
        Assert.True(await MartenLeader.TryTakeAsync(silent, home.Stores.Schema, CancellationToken.None));
        using var other = Leader(home, meters);
        await other.StartAsync(CancellationToken.None);

        await UntilAsync(() => other.Leads);
        await other.StopAsync(CancellationToken.None);
    }

    // The daemon is held at a table, so that it is in the middle of a page when its connection goes.
    private static async Task TakeConnectionAsync(TemporaryMarten home)
    {
        await using var connection = await home.Stores.Source.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using (var held = Sql.Command(connection, "LOCK TABLE mcpledger_blue.mt_doc_principals IN ACCESS EXCLUSIVE MODE"))
        {
            await held.ExecuteNonQueryAsync();
        }

        await home.FoldAsync(new Given(33).Ledger(200));
        await UntilAsync(async () => await home.CountAsync(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0);
        await transaction.RollbackAsync();
    }

    private static MartenLeader Leader(TemporaryMarten home, ServiceProvider meters) =>
        new(home.Stores, TimeProvider.System, new ProjectionTelemetry(meters.GetRequiredService<IMeterFactory>(), NullLogger<ProjectionTelemetry>.Instance));

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    // Thrice what is promised: the machine of the tests may be busy.
    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var patience = new CancellationTokenSource(3 * Promised);
        while (!await condition())
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), patience.Token);
        }
    }
}
