using JasperFx.Events.Daemon;
using Microsoft.Extensions.Logging.Abstractions;

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
        var daemon = await stores.Of(side).BuildProjectionDaemonAsync(logger: NullLogger.Instance);
        await daemon.StartAllAsync();
        return new(stores, side, daemon);
    }

    /// <summary>Why it stands still; null while it runs.</summary>
    public string? Trouble => _daemon.HasAnyPaused() ? "an event could not be folded, or the database was lost; it is tried again" : null;

    /// <summary>Events that a side holds and its views across sessions don't know yet.</summary>
    public static async ValueTask<long> LagAsync(MartenStores stores, Side side, CancellationToken cancellationToken)
    {
        var schema = stores.SchemaOf(side);
        await using var command = stores.Source.CreateCommand(
            $"SELECT coalesce((SELECT max(seq_id) FROM {schema}.mt_events), 0) - coalesce((SELECT last_seq_id FROM {schema}.mt_event_progression WHERE name = '{MartenStores.Across}:All'), 0)");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Waits until it has folded everything that is there.</summary>
    public async ValueTask CatchUpAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        while (await LagAsync(_stores, _side, cancellationToken) > 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), time, cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _daemon.StopAllAsync();
        _daemon.Dispose();
    }
}
