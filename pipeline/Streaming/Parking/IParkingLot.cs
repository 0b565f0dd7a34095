using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Parking;

/// <summary>Where records go that a consumer cannot handle (I2): with their bytes and the reason, until they can be.</summary>
public interface IParkingLot
{
    /// <summary>Parks a record; it is durable when this returns. Parking it again replaces the reason.</summary>
    /// <exception cref="IOException">The disk or the cluster refuses.</exception>
    ValueTask ParkAsync(string consumer, LedgerRecord record, string reason, CancellationToken cancellationToken);

    /// <summary>What is parked, by consumer, partition and offset.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    ValueTask<IReadOnlyList<ParkedRecord>> ListAsync(CancellationToken cancellationToken);

    /// <summary>The bytes that were parked.</summary>
    /// <exception cref="NotParkedException">They are parked no more.</exception>
    /// <exception cref="IOException">They cannot be read, or are not those that were parked.</exception>
    ValueTask<LedgerRecord> TakeAsync(ParkedRecord parked, CancellationToken cancellationToken);

    /// <summary>Forgets a parked record, after it was handled at last.</summary>
    /// <exception cref="IOException">The disk or the cluster refuses.</exception>
    ValueTask ForgetAsync(ParkedRecord parked, CancellationToken cancellationToken);
}
