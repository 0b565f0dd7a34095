using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;

namespace McpLedger.Gateway.Recording;

/// <summary>Turns bytes of the wire into what an event holds: inline when small, else a claim check whose blob is durable first. Never truncates silently.</summary>
internal sealed class ContentStore(IBlobStore blobs)
{
    /// <summary>Longest content that an event holds itself (design §4, Payloads).</summary>
    public const int MaxInline = 32 * 1024;

    /// <summary>Content of bytes that the strict reader accepted as one JSON value.</summary>
    /// <returns>Null when its blob could not be stored.</returns>
    public ValueTask<Content?> OfJsonAsync(ReadOnlyMemory<byte> json, CancellationToken deadline)
    {
        var sha256 = Digest.Of(json.Span);
        return json.Length <= MaxInline
            ? new(new Content { Size = json.Length, Sha256 = sha256, Json = RawJson.FromTrusted(json) })
            : StoreAsync(json, sha256, deadline);
    }

    /// <summary>Content of bytes that may be anything.</summary>
    /// <returns>Null when its blob could not be stored.</returns>
    public ValueTask<Content?> OfBytesAsync(ReadOnlyMemory<byte> bytes, CancellationToken deadline) =>
        bytes.Length <= MaxInline ? new(Inline(bytes.Span, isPartial: false)) : StoreAsync(bytes, Digest.Of(bytes.Span), deadline);

    /// <summary>
    /// Content of bytes that somebody sent who is nobody to us: at most <see cref="MaxInline"/> of them are kept and the event says so,
    /// or strangers could fill the blob store.
    /// </summary>
    public static Content OfStranger(ReadOnlySpan<byte> bytes, bool isPartial) =>
        Inline(bytes[..Math.Min(bytes.Length, MaxInline)], isPartial || bytes.Length > MaxInline);

    private static Content Inline(ReadOnlySpan<byte> bytes, bool isPartial) =>
        new() { Size = bytes.Length, Sha256 = Digest.Of(bytes), Base64 = Convert.ToBase64String(bytes), Partial = isPartial };

    private async ValueTask<Content?> StoreAsync(ReadOnlyMemory<byte> bytes, Digest sha256, CancellationToken deadline)
    {
        if (!await blobs.TryPutAsync(sha256, bytes, deadline))
        {
            return null;
        }

        var hex = sha256.ToString();
        return new() { Size = bytes.Length, Sha256 = sha256, Blob = string.Concat("sha256/", hex.AsSpan(0, 2), "/", hex) };
    }
}
