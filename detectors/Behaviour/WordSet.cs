namespace McpLedger.Detectors.Behaviour;

/// <summary>Hashes of words that were seen: a bitmap of fixed size (Bloom), so that a session's memory is bounded. What it has not seen it knows for certain.</summary>
internal sealed class WordSet(int bits)
{
    private readonly ulong[] _bits = new ulong[bits / 64];

    public void Add(ulong word)
    {
        var (first, second) = Places(word);
        _bits[first / 64] |= 1UL << (int)(first % 64);
        _bits[second / 64] |= 1UL << (int)(second % 64);
    }

    public bool Contains(ulong word)
    {
        var (first, second) = Places(word);
        return ((_bits[first / 64] >> (int)(first % 64)) & (_bits[second / 64] >> (int)(second % 64)) & 1) != 0;
    }

    private (uint First, uint Second) Places(ulong word)
    {
        var size = (uint)_bits.Length * 64;
        return ((uint)word % size, (uint)(word >> 32) % size);
    }
}
