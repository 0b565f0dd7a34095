using McpLedger.Projections.Homes;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Projections;

/// <summary>What an operator can do to the read models of a running instance.</summary>
public sealed class ProjectionAdmin : IAsyncDisposable
{
    private readonly IProjectionHandler _handler;
    private readonly IParkingLot _parking;
    private readonly PartitionConsumer[] _ofContainer;
    private readonly RunningConsumers _running;
    private readonly SharedRun<RebuildReport> _rebuild;

    /// <summary>Takes what the instance's container holds.</summary>
    /// <param name="provider">The container that <see cref="ProjectionExtensions"/> filled.</param>
    public ProjectionAdmin(IServiceProvider provider)
    {
        _handler = provider.GetRequiredService<IProjectionHandler>();
        _parking = provider.GetRequiredService<IParkingLot>();
        _ofContainer = [.. provider.GetServices<PartitionConsumer>()];
        _running = provider.GetService<RunningConsumers>() ?? new();
        _rebuild = new(_handler.RebuildAsync, provider.GetRequiredService<ProjectionTelemetry>().RebuildFailed, provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
    }

    /// <summary>
    /// Drops every read model and folds the log anew beside those in force, which answer until the new ones take their place. One at a time: whoever asks
    /// while one goes on waits for that one.
    /// </summary>
    /// <param name="cancellationToken">Ends the waiting. The rebuild goes on until the process stops.</param>
    /// <exception cref="IOException">The ledger is damaged; the read models stay as they were.</exception>
    public ValueTask<RebuildReport> RebuildAsync(CancellationToken cancellationToken) => _rebuild.JoinAsync(cancellationToken);

    /// <summary>Forgets the events that the ledger does not keep any more, once there are enough of them to be worth it.</summary>
    /// <returns>How many were forgotten.</returns>
    /// <exception cref="IOException">The ledger is damaged; the read models stay as they were.</exception>
    public ValueTask<long> ForgetDroppedAsync(CancellationToken cancellationToken) => _handler.ForgetDroppedAsync(cancellationToken);

    /// <summary>
    /// Hands parked records to the consumers of this process once more (they are folded, indexed and watched), oldest first, and forgets those that could be handled. What they say takes effect now, after what came behind them;
    /// a rebuild folds them in their place.
    /// </summary>
    /// <exception cref="IOException">They cannot be read, or the disk refuses.</exception>
    public async ValueTask<ReplayReport> ReplayAsync(CancellationToken cancellationToken)
    {
        var (replayed, failures) = (0, new List<string>());
        var consumers = Consumers;
        foreach (var consumer in consumers)
        {
            var (handled, failure) = await consumer.ReplayParkedAsync(cancellationToken);
            replayed += handled;
            if (failure is not null)
            {
                failures.Add(failure);
            }
        }

        var kept = await _parking.ListAsync(cancellationToken);
        failures.AddRange(kept.Where(p => consumers.All(c => (c.Name, c.Partition) != (p.Consumer, p.Partition))).DistinctBy(static p => (p.Consumer, p.Partition))
            .Select(static p => $"{p.Partition} offset {p.Offset} of {p.Consumer}: it is handed over where {p.Consumer} runs in one process with the API, and it does not run here"));
        return new(replayed, kept.Count, failures);
    }

    private PartitionConsumer[] Consumers => [.. _ofContainer, .. _running.All];

    /// <summary>Waits for a rebuild that goes on; the process that stops has ended it by then.</summary>
    public ValueTask DisposeAsync() => _rebuild.DisposeAsync();

    /// <summary>Records that consumers could not handle, in whichever process that was.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public async ValueTask<IReadOnlyList<ParkedRecord>> ParkedAsync(CancellationToken cancellationToken) => [.. await _parking.ListAsync(cancellationToken)];
}

/// <summary>What came of folding parked records once more.</summary>
/// <param name="Replayed">Records folded, and parked no more.</param>
/// <param name="Kept">Records that stay parked, of whichever consumer.</param>
/// <param name="Failures">The first of each consumer and partition that still cannot be handled: its place and the reason. Those behind it wait for it.</param>
public sealed record ReplayReport(int Replayed, int Kept, IReadOnlyList<string> Failures);
