using McpLedger.Contracts.Integrity;

namespace McpLedger.Stages.Sealing;

/// <summary>The door to the signing keys of a sealer that runs in this process.</summary>
public sealed class SealingKeys : IDisposable
{
    private volatile SigningKeyStore? _store;

    /// <summary>Replaces the signing key; see <see cref="SigningKeyStore.TryRotate"/>.</summary>
    /// <returns>False when the sealer has not opened its keys yet or the last rotation is not finished.</returns>
    public bool TryRotate(NoteAlgorithm? algorithm, string by, TimeProvider time) => _store is { } store && store.TryRotate(algorithm, by, time);

    /// <inheritdoc/>
    public void Dispose() => _store?.Dispose();

    internal SigningKeyStore Open(SealingOptions options, IReadOnlyList<Contracts.Events.LedgerPartition> partitions) => _store = SigningKeyStore.Open(options, partitions);
}
