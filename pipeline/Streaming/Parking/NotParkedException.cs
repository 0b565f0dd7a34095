namespace McpLedger.Streaming.Parking;

/// <summary>A record is not parked any more: somebody else has handed it over meanwhile.</summary>
/// <param name="parked">The record.</param>
internal sealed class NotParkedException(ParkedRecord parked) : IOException($"{parked.Partition} offset {parked.Offset} of {parked.Consumer} is not parked any more.");
