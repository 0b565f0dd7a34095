using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Injection;

/// <summary>Public word vectors, pruned and quantised to a byte a dimension. Row 0 is the word that has none: all zero.</summary>
internal sealed class WordVectors
{
    /// <summary>Dimensions of a vector: three registers of 32 bytes.</summary>
    public const int Dimensions = 96;

    /// <summary>What 127 stands for.</summary>
    public const float Range = 3f;

    private const int MaxRows = 1 << 17;
    private static readonly byte[] Magic = "MLWV0001"u8.ToArray();

    private readonly uint[] _hashes;
    private readonly int[] _slots;
    private readonly sbyte[] _values;
    private readonly int _mask;

    private WordVectors(uint[] hashes, sbyte[] values)
    {
        (_hashes, _values) = (hashes, values);
        var size = 1;
        while (size < hashes.Length * 2)
        {
            size <<= 1;
        }

        _mask = size - 1;
        _slots = new int[size];
        for (var row = 1; row < hashes.Length; row++)
        {
            var slot = (int)(hashes[row] * 0x9E3779B1u >> 7) & _mask;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & _mask;
            }

            _slots[slot] = row;
        }
    }

    public int Rows => _hashes.Length;

    /// <summary>The row of the word with this hash; 0 where there is none.</summary>
    public int RowOf(uint hash)
    {
        var slot = (int)(hash * 0x9E3779B1u >> 7) & _mask;
        while (true)
        {
            var row = _slots[slot];
            if (row == 0 || _hashes[row] == hash)
            {
                return row;
            }

            slot = (slot + 1) & _mask;
        }
    }

    public ReadOnlySpan<sbyte> Row(int row) => _values.AsSpan(row * Dimensions, Dimensions);

    /// <summary>Vectors of words by their hashes; the first of each hash counts.</summary>
    public static WordVectors From(IEnumerable<(uint Hash, float[] Vector)> words)
    {
        List<uint> hashes = [0];
        List<sbyte> values = [.. new sbyte[Dimensions]];
        HashSet<uint> seen = [];
        foreach (var (hash, vector) in words)
        {
            if (!seen.Add(hash))
            {
                continue;
            }

            hashes.Add(hash);
            for (var d = 0; d < Dimensions; d++)
            {
                values.Add((sbyte)Math.Clamp(MathF.Round(vector[d] / Range * 127), -127, 127));
            }
        }

        return new([.. hashes], [.. values]);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="InvalidDataException">It is no file of word vectors, or cut short.</exception>
    public static WordVectors Read(Stream stream)
    {
        Span<byte> head = new byte[Magic.Length + 4];
        if (stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) < head.Length || !head.StartsWith(Magic))
        {
            throw new InvalidDataException("These are no word vectors: the file does not begin with MLWV0001.");
        }

        var rows = BinaryPrimitives.ReadInt32LittleEndian(head[Magic.Length..]);
        if (rows is < 1 or > MaxRows)
        {
            throw new InvalidDataException($"Word vectors of {rows} rows: 1 to {MaxRows} are read.");
        }

        var bytes = new byte[rows * sizeof(uint)];
        stream.ReadExactly(bytes);
        var hashes = new uint[rows];
        for (var i = 0; i < rows; i++)
        {
            hashes[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * sizeof(uint)));
        }

        var values = new sbyte[rows * Dimensions];
        stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return new(hashes, values);
    }

    public void Write(Stream stream)
    {
        Span<byte> number = new byte[4];
        stream.Write(Magic);
        BinaryPrimitives.WriteInt32LittleEndian(number, Rows);
        stream.Write(number);
        foreach (var hash in _hashes)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(number, hash);
            stream.Write(number);
        }

        stream.Write(MemoryMarshal.AsBytes(_values.AsSpan()));
    }
}
