using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;

namespace McpLedger.Projections.Tests;

/// <summary>Blobs that are there only once they were asked for a few times: they come from another machine.</summary>
internal sealed class LateBlobs(MemoryLedger ledger, int misses) : IBlobStore
{
    private int _left = misses;

    public ValueTask<bool> TryPutAsync(Digest sha256, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) => ledger.TryPutAsync(sha256, bytes, cancellationToken);

    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(Digest sha256, CancellationToken cancellationToken) =>
        _left-- > 0 ? new((ReadOnlyMemory<byte>?)null) : ledger.GetAsync(sha256, cancellationToken);
}
