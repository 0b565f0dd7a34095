using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>The id of an event or of a call: a UUID of version 7 (RFC 9562 §5.7), so that ids sort by time.</summary>
[JsonConverter(typeof(EventIdConverter))]
public readonly record struct EventId
{
    private const int Size = 16;

    private EventId(Guid value) => Value = value;

    /// <summary>The UUID.</summary>
    public Guid Value { get; }

    /// <summary>When it was made, to the millisecond.</summary>
    public DateTimeOffset Moment
    {
        get
        {
            Span<byte> bytes = stackalloc byte[Size];
            Value.TryWriteBytes(bytes, bigEndian: true, out _);
            return DateTimeOffset.FromUnixTimeMilliseconds(Math.Min(BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16, DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));
        }
    }

    /// <summary>Makes a new id at the clock's present moment.</summary>
    public static EventId New(TimeProvider time)
    {
        Span<byte> random = stackalloc byte[Size];
        RandomBytes.Fill(random);
        return At(time.GetUtcNow(), random);
    }

    /// <summary>The id that follows from a moment and a digest: the same for the same, and sorted among others by its moment.</summary>
    public static EventId Derive(DateTimeOffset at, in Digest of)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        of.CopyTo(bytes);
        return At(at, bytes[..Size]);
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

    // RFC 9562 §5.7: 48 bits of milliseconds, the version, and what is left of the bytes.
    private static EventId At(DateTimeOffset moment, Span<byte> bytes)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes, (moment.ToUnixTimeMilliseconds() << 16) | BinaryPrimitives.ReadUInt16BigEndian(bytes[6..]));
        bytes[6] = (byte)(0x70 | (bytes[6] & 0x0F));
        bytes[8] = (byte)(0x80 | (bytes[8] & 0x3F));
        return new(new(bytes, bigEndian: true));
    }

    /// <summary>Random bytes taken from the system a block at a time: an id a call, three a call, would each be a system call.</summary>
    private static class RandomBytes
    {
        private const int Block = 4096;

        [ThreadStatic]
        private static byte[]? _block;

        [ThreadStatic]
        private static int _left;

        public static void Fill(Span<byte> bytes)
        {
            var block = _block ??= new byte[Block];
            if (_left < bytes.Length)
            {
                RandomNumberGenerator.Fill(block);
                _left = Block;
            }

            block.AsSpan(Block - _left, bytes.Length).CopyTo(bytes);
            _left -= bytes.Length;
        }
    }
}
