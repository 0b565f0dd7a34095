using McpLedger.Contracts.Events;

namespace McpLedger.Streaming;

/// <summary>The ledger as a process has it that writes to it: to append, to read, who it writes as, and how it is.</summary>
public interface ILedger : ILedgerWriter, ILedgerReader, IAsyncDisposable
{
    /// <summary>Which ledger, and which boot of which instance; the epoch is 0 until the ledger could be opened.</summary>
    LedgerIdentity Identity { get; }

    /// <summary>Whether appends are taken, and if not, why.</summary>
    LedgerHealth Health { get; }

    /// <summary>What heartbeats carry.</summary>
    LedgerCounters Counters { get; }

    /// <summary>What a partition holds, in parts that can be dropped whole, oldest first.</summary>
    /// <exception cref="IOException">It cannot be told now.</exception>
    ValueTask<IReadOnlyList<LedgerSegment>> ListSegmentsAsync(LedgerPartition partition, CancellationToken cancellationToken);

    /// <summary>
    /// Removes every whole part of <paramref name="partition"/> that holds nothing behind <paramref name="offset"/>, oldest first; never the one being written to.
    /// The caller has recorded <c>segment.dropped.v1</c> before, and knows that all of it is sealed.
    /// </summary>
    /// <returns>What was removed.</returns>
    /// <exception cref="IOException">The store refuses; what was removed until then stays removed, from the front.</exception>
    ValueTask<IReadOnlyList<LedgerSegment>> DropThroughAsync(LedgerPartition partition, long offset, CancellationToken cancellationToken);

    /// <summary>
    /// Removes what carried blobs from process to process before <paramref name="moment"/>; a ledger of one machine has nothing of the kind. Blobs are stored before their events:
    /// the caller leaves a margin before the oldest one that is kept.
    /// </summary>
    /// <exception cref="IOException">The store refuses.</exception>
    ValueTask DropBlobsBeforeAsync(DateTimeOffset moment, CancellationToken cancellationToken);
}
