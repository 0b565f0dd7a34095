using JasperFx;
using JasperFx.Events.Daemon;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>Marten's daemon of one side, alone (Solo): who may run it is decided elsewhere.</summary>
internal sealed class MartenDaemon : IAsyncDisposable
{
    private readonly MartenStores _stores;
    private readonly Side _side;
    private readonly IProjectionDaemon _daemon;

    private MartenDaemon(MartenStores stores, Side side, IProjectionDaemon daemon) => (_stores, _side, _daemon) = (stores, side, daemon);

    public static async ValueTask<MartenDaemon> StartAsync(MartenStores stores, Side side)
    {
        var daemon = await stores.Of(side).BuildProjectionDaemonAsync(logger: stores.DaemonLog);
        await daemon.StartAllAsync();
        return new(stores, side, daemon);
    }

    /// <summary>Says why it stands still. What paused or stopped stays so: whoever keeps it ends it and starts another.</summary>
    /// <exception cref="IOException">It stands still.</exception>
    public void ThrowIfStill()
    {
        var agents = _daemon.CurrentAgents();
        if (agents.Count == 0 || agents.Any(static a => a.Status != AgentStatus.Running))
        {
            throw new IOException($"an event could not be folded, or the database was lost: {agents.FirstOrDefault(static a => a.Failure is not null)?.Failure?.Message ?? "no reason was given"}");
        }
    }

    /// <summary>Events that a side holds and its views across sessions don't know yet.</summary>
    public static async ValueTask<long> LagAsync(MartenStores stores, Side side, CancellationToken cancellationToken)
    {
        var schema = stores.SchemaOf(side);
        await using var command = stores.Source.CreateCommand(
            $"SELECT coalesce((SELECT max(seq_id) FROM {schema}.mt_events), 0) - coalesce((SELECT last_seq_id FROM {schema}.mt_event_progression WHERE name = '{MartenStores.Across}:All'), 0)");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Waits until it has folded everything that is there.</summary>
    /// <exception cref="IOException">It stands still.</exception>
    public async ValueTask CatchUpAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        while (await LagAsync(_stores, _side, cancellationToken) > 0)
        {
            ThrowIfStill();
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.StopAllAsync();
        _daemon.Dispose();
    }
}
