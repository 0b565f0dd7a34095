using McpLedger.Projections.Homes;
using McpLedger.Streaming.Parking;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Projections;

/// <summary>What an operator can do to the read models of a running instance.</summary>
public sealed class ProjectionAdmin
{
    private readonly IProjectionHandler _handler;
    private readonly ParkingLot _parking;

    /// <summary>Takes what the instance's container holds.</summary>
    /// <param name="provider">The container that <see cref="ProjectionExtensions"/> filled.</param>
    public ProjectionAdmin(IServiceProvider provider)
    {
        _handler = provider.GetRequiredService<IProjectionHandler>();
        _parking = provider.GetRequiredService<ParkingLot>();
    }

    /// <summary>Drops every read model and folds the log anew beside those in force, which answer until the new ones take their place.</summary>
    /// <exception cref="IOException">The ledger is damaged; the read models stay as they were.</exception>
    public ValueTask<RebuildReport> RebuildAsync(CancellationToken cancellationToken) => _handler.RebuildAsync(cancellationToken);

    /// <summary>Records that could not be folded.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public IReadOnlyList<ParkedRecord> Parked() => _parking.ListOf(ProjectionExtensions.ConsumerName);
}
