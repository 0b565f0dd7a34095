using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming;

/// <summary>Content-addressed bytes that are too large for an event (claim check). Written before the event that refers to them.</summary>
public interface IBlobStore
{
    /// <summary>Stores the bytes and returns once they are durable. Storing the same bytes again does nothing.</summary>
    /// <returns>False when they could not be stored.</returns>
    ValueTask<bool> TryPutAsync(Digest sha256, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>Reads the bytes and checks them against their digest.</summary>
    /// <returns>Null when there are none or they are not what the digest says.</returns>
    ValueTask<ReadOnlyMemory<byte>?> GetAsync(Digest sha256, CancellationToken cancellationToken);
}
