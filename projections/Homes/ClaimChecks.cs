using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Streaming;

namespace McpLedger.Projections.Homes;

/// <summary>Fetches what events refer to, as far as it is indexed. Blobs of other machines come on a topic of their own, which may be behind the events.</summary>
/// <param name="blobs">Where they come to lie.</param>
/// <param name="patience">How long after its event a blob may still come; zero where all are there before their events.</param>
/// <param name="time">The clock.</param>
internal sealed class ClaimChecks(IBlobStore blobs, TimeSpan patience, TimeProvider time)
{
    private const int LargestBlob = 1 << 20;
    private static readonly Dictionary<Digest, ReadOnlyMemory<byte>> None = [];

    /// <summary>What is there now, and is not waited for.</summary>
    public static ClaimChecks AtHand(IBlobStore blobs) => new(blobs, TimeSpan.Zero, TimeProvider.System);

    /// <exception cref="LateClaimCheckException">One is not there yet, and the event is so young that it may still come.</exception>
    public async ValueTask<Dictionary<Digest, ReadOnlyMemory<byte>>> FetchAsync(LedgerEvent read, CancellationToken cancellationToken)
    {
        var fetched = None;
        foreach (var digest in SearchDocuments.BlobsOf(read.Data))
        {
            if (await blobs.GetAsync(digest, cancellationToken).ConfigureAwait(false) is { } bytes)
            {
                fetched = ReferenceEquals(fetched, None) ? [] : fetched;
                fetched[digest] = bytes.Length > LargestBlob ? bytes[..LargestBlob] : bytes;
            }
            else if (MayCome(read.Header.Time))
            {
                throw new LateClaimCheckException($"The claim check {digest} of the event {read.Header.Id} is not here yet. It is waited for until the event is {patience.TotalMinutes:0} minutes old.");
            }
        }

        return fetched;
    }

    // A clock that is ahead must not make everybody wait until it is overtaken.
    private bool MayCome(DateTimeOffset written) => (time.GetUtcNow() - written).Duration() < patience;
}

/// <summary>A claim check is not there yet: for the consumer, infrastructure that it waits for.</summary>
internal sealed class LateClaimCheckException(string message) : IOException(message);
