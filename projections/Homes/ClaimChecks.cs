using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Streaming;

namespace McpLedger.Projections.Homes;

/// <summary>
/// Fetches what events refer to, as far as it is indexed: of what is longer than a mebibyte the beginning, which its document says. Blobs of other machines come on a topic of their own, which may be behind the events. How long one is waited for counts from
/// when its event was met here: however old the event is, whoever was away or sent late may bring it yet. Not thread safe.
/// </summary>
/// <param name="blobs">Where they come to lie.</param>
/// <param name="patience">How long a blob is waited for; zero where all are there before their events.</param>
/// <param name="time">The clock.</param>
internal sealed class ClaimChecks(IBlobStore blobs, TimeSpan patience, TimeProvider time)
{
    private const int LargestBlob = 1 << 20;
    private const int MostMet = 1024;
    private const long GivenUp = long.MinValue;
    private static readonly Dictionary<Digest, ReadOnlyMemory<byte>> None = [];

    private readonly Dictionary<EventId, long> _met = [];
    private long? _ranOut;

    /// <summary>What is there now, and is not waited for.</summary>
    public static ClaimChecks AtHand(IBlobStore blobs) => new(blobs, TimeSpan.Zero, TimeProvider.System);

    /// <exception cref="LateClaimCheckException">One is not there yet and may still come.</exception>
    public async ValueTask<Dictionary<Digest, ReadOnlyMemory<byte>>> FetchAsync(LedgerEvent read, CancellationToken cancellationToken)
    {
        var fetched = None;
        foreach (var digest in SearchDocuments.BlobsOf(read.Data))
        {
            if (await blobs.GetAsync(digest, cancellationToken).ConfigureAwait(false) is { } bytes)
            {
                fetched = ReferenceEquals(fetched, None) ? [] : fetched;
                fetched[digest] = bytes.Length > LargestBlob ? bytes[..LargestBlob].ToArray() : bytes;
            }
            else if (MayCome(read.Header))
            {
                throw new LateClaimCheckException($"The claim check {digest} of the event {read.Header.Id} is not here yet. It is waited for up to {patience.TotalMinutes:0} minutes.");
            }
        }

        return fetched;
    }

    private bool MayCome(EventHeader header)
    {
        if (patience == TimeSpan.Zero)
        {
            return false;
        }

        var isMet = _met.TryGetValue(header.Id, out var met);
        if (met == GivenUp && isMet)
        {
            return false;
        }

        if (!isMet && _ranOut is { } ranOut && time.GetElapsedTime(ranOut) < patience)
        {
            // One was waited for in vain just now, and a long row of such events must not take that time each, nor once more whenever so much time is over while the row goes on.
            // A clock that is ahead must not make everybody wait until it is overtaken.
            var isYoung = (time.GetUtcNow() - header.Time).Duration() < patience;
            _ranOut = isYoung ? _ranOut : time.GetTimestamp();
            return isYoung;
        }

        if (!isMet)
        {
            if (_met.Count == MostMet)
            {
                _met.Clear();
            }

            _met[header.Id] = met = time.GetTimestamp();
        }

        if (time.GetElapsedTime(met) < patience)
        {
            return true;
        }

        (_met[header.Id], _ranOut) = (GivenUp, time.GetTimestamp());
        return false;
    }
}

/// <summary>A claim check is not there yet: for the consumer, infrastructure that it waits for.</summary>
internal sealed class LateClaimCheckException(string message) : IOException(message);
