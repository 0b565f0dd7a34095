using System.Security.Cryptography;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Answers;

/// <summary>Counts and hashes a stream as it comes, so that its summary is there with its last event.</summary>
internal sealed class StreamTally : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public long Messages { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Events with data that are no messages, for their type is another.</summary>
    public long Others { get; private set; }

    public StreamSummary Summary => new(Messages, Bytes, Digest.FromBytes(_hash.GetCurrentHash()));

    public void Take(SseEvent read)
    {
        _hash.AppendData(read.Raw.Span);
        Bytes += read.Raw.Length;
        Messages += read.IsMessage ? 1 : 0;
        Others += !read.IsMessage && read.Data.Length > 0 ? 1 : 0;
    }

    /// <summary>Counts the messages of an event that holds several: the event itself is counted as one.</summary>
    public void TakeArray(int messages) => Messages += messages - 1;

    public void Dispose() => _hash.Dispose();
}
