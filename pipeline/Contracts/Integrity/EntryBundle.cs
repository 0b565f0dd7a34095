using System.Buffers.Binary;

namespace McpLedger.Contracts.Integrity;

/// <summary>Entries of a tiled log as they are stored: each with its length before it, big-endian, two bytes (C2SP tlog-tiles, "Log entries").</summary>
public static class EntryBundle
{
    /// <summary>Longest entry in bytes.</summary>
    public const int MaxEntry = ushort.MaxValue;

    /// <summary>Takes the first entry off <paramref name="bundle"/>.</summary>
    /// <returns>False when nothing is left, or less than the length says.</returns>
    public static bool TryTake(scoped ref ReadOnlySpan<byte> bundle, out ReadOnlySpan<byte> entry)
    {
        entry = default;
        if (!BinaryPrimitives.TryReadUInt16BigEndian(bundle, out var length) || bundle.Length < sizeof(ushort) + length)
        {
            return false;
        }

        entry = bundle.Slice(sizeof(ushort), length);
        bundle = bundle[(sizeof(ushort) + length)..];
        return true;
    }

    /// <summary>Finds the entry at <paramref name="position"/>, counted from 0.</summary>
    public static bool TryGet(ReadOnlySpan<byte> bundle, int position, out ReadOnlySpan<byte> entry)
    {
        var rest = bundle;
        while (TryTake(ref rest, out entry))
        {
            if (position-- == 0)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes one entry after its length.</summary>
    /// <returns>Bytes written.</returns>
    /// <exception cref="ArgumentException">The entry is longer than <see cref="MaxEntry"/>.</exception>
    public static int Put(Span<byte> destination, ReadOnlySpan<byte> entry)
    {
        if (entry.Length > MaxEntry)
        {
            throw new ArgumentException($"An entry has at most {MaxEntry} bytes, not {entry.Length}.", nameof(entry));
        }

        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)entry.Length);
        entry.CopyTo(destination[sizeof(ushort)..]);
        return sizeof(ushort) + entry.Length;
    }
}
