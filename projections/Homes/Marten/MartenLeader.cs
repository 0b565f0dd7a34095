using System.Diagnostics.CodeAnalysis;
using McpLedger.Projections.Folds;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>
/// Of all processes that keep the read models, one runs the daemon: the one that holds an advisory lock, on a connection of its own. When it dies the lock goes with the connection;
/// when it hangs, PostgreSQL ends the connection that says nothing. Another leads within ten seconds.
/// </summary>
internal sealed class MartenLeader(MartenStores stores, TimeProvider time, ProjectionTelemetry telemetry) : BackgroundService
{
    private const int SilenceMilliseconds = 6_000;
    private const int AnswerSeconds = 3;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private long _lag;

    /// <summary>Whether this process leads.</summary>
    public bool Leads { get; private set; }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever ends leading, this process goes on to run for it; the trouble is told.")]
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        telemetry.ObserveDaemon(() => Interlocked.Read(ref _lag));
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await LeadAsync(stoppingToken);
                await Task.Delay(Interval, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                telemetry.LogDaemonTrouble(e.Message);
                await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            finally
            {
                Leads = false;
                Interlocked.Exchange(ref _lag, 0);
            }
        }
    }

    private async Task LeadAsync(CancellationToken stopping)
    {
        await using var connection = await ConnectAsync(stores, stopping);
        if (!await TryTakeAsync(connection, stores.Schema, stopping))
        {
            return;
        }

        await using var look = Sql.Command(connection, $"SELECT active, version FROM {stores.Schema}.home");
        while (await SideAsync(look, stopping) is { } side)
        {
            await using var daemon = await MartenDaemon.StartAsync(stores, side);
            Leads = true;
            telemetry.LogLeads(side.Text());
            try
            {
                while (await SideAsync(look, stopping) == side)
                {
                    daemon.ThrowIfStill();
                    Interlocked.Exchange(ref _lag, await MartenDaemon.LagAsync(stores, side, stopping));
                    await Task.Delay(Interval, time, stopping);
                }
            }
            finally
            {
                telemetry.LogLeadsNoMore();
            }
        }
    }

    /// <summary>A connection that PostgreSQL ends, and the lock with it, when nothing is said on it for a while.</summary>
    internal static async ValueTask<NpgsqlConnection> ConnectAsync(MartenStores stores, CancellationToken cancellationToken)
    {
        var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(stores.ConnectionString)
        {
            Pooling = false,
            ApplicationName = "mcpledger-leader",
            CommandTimeout = AnswerSeconds,
            Options = $"-c idle_session_timeout={SilenceMilliseconds} -c tcp_user_timeout={SilenceMilliseconds}",
        }.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    internal static async ValueTask<bool> TryTakeAsync(NpgsqlConnection connection, string schema, CancellationToken cancellationToken)
    {
        await using var take = Sql.Command(connection, "SELECT pg_try_advisory_lock(hashtext('mcpledger-leader'), hashtext($1))", schema);
        return await take.ExecuteScalarAsync(cancellationToken) is true;
    }

    // Views of another version have other folds: they are kept by a process of that version.
    private static async ValueTask<Side?> SideAsync(NpgsqlCommand look, CancellationToken stopping)
    {
        await using var row = await look.ExecuteReaderAsync(stopping);
        return await row.ReadAsync(stopping) && row.GetInt32(1) == ViewsVersion.Now ? SideNames.Parse(row.GetString(0)) : null;
    }
}
