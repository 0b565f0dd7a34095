namespace McpLedger.Detectors.Injection;

/// <summary>
/// Which pairs of neighbouring words ordinary texts have: a bit a hash. A stretch whose pairs nobody writes is no language, and optimisers' suffixes are made of such stretches.
/// </summary>
internal sealed class KnownPairs
{
    /// <summary>Bits: a power of two.</summary>
    public const int Bits = 1 << 23;

    private const int Bytes = Bits / 8;
    private static readonly byte[] Magic = "MLKP0001"u8.ToArray();

    private readonly byte[] _bits;

    public KnownPairs(byte[] bits) => _bits = bits;

    public static KnownPairs None { get; } = new(new byte[Bytes]);

    public bool Has(uint hash) => (_bits[(hash & (Bits - 1)) >> 3] & (1 << (int)(hash & 7))) != 0;

    /// <exception cref="InvalidDataException">It is no such file.</exception>
    /// <exception cref="EndOfStreamException">It is cut short.</exception>
    public static KnownPairs Read(Stream stream)
    {
        Span<byte> magic = new byte[Magic.Length];
        stream.ReadExactly(magic);
        if (!magic.SequenceEqual(Magic))
        {
            throw new InvalidDataException("These are no word pairs: the file does not begin with MLKP0001.");
        }

        var bits = new byte[Bytes];
        stream.ReadExactly(bits);
        return new(bits);
    }

    public void Write(Stream stream)
    {
        stream.Write(Magic);
        stream.Write(_bits);
    }
}

/// <summary>What the tokeniser looks words up in.</summary>
/// <param name="Vectors">Word vectors.</param>
/// <param name="Pairs">Pairs of words.</param>
internal sealed record Vocabulary(WordVectors Vectors, KnownPairs Pairs);
