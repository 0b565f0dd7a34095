using System.Buffers.Binary;
using System.Text.Json.Serialization;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>The id of an event or of a call: a UUID of version 7 (RFC 9562 §5.7), so that ids sort by time.</summary>
[JsonConverter(typeof(EventIdConverter))]
public readonly record struct EventId
{
    private EventId(Guid value) => Value = value;

    /// <summary>The UUID.</summary>
    public Guid Value { get; }

    /// <summary>Makes a new id at the clock's present moment.</summary>
#pragma warning disable RS0030 // The one place where ids are made, from an injected clock.
    public static EventId New(TimeProvider time) => new(Guid.CreateVersion7(time.GetUtcNow()));
#pragma warning restore RS0030

    /// <summary>The id that follows from a moment and a digest: the same for the same, and sorted among others by its moment.</summary>
    public static EventId Derive(DateTimeOffset at, in Digest of)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        of.CopyTo(bytes);
        BinaryPrimitives.WriteInt64BigEndian(bytes, (at.ToUnixTimeMilliseconds() << 16) | (BinaryPrimitives.ReadUInt16BigEndian(bytes[6..])));
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new(new(bytes[..16], bigEndian: true));
    }

    /// <summary>The id that a UUID of version 7 is.</summary>
    public static EventId Of(Guid value) => new(value);

    /// <summary>Reads the 36-character form with hyphens.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out EventId id)
    {
        var read = Guid.TryParseExact(text, "D", out var value);
        id = new(value);
        return read;
    }

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("D");
}
