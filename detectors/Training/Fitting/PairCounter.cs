using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Fitting;

/// <summary>Counts pairs of neighbouring words in ordinary texts. A pair is known when it was seen twice: what one text has and no other says nothing about language.</summary>
internal sealed class PairCounter(WordVectors vectors)
{
    private readonly byte[] _once = new byte[KnownPairs.Bits / 8];
    private readonly byte[] _twice = new byte[KnownPairs.Bits / 8];
    private readonly TokenFeatures _tokens = new();

    public void Add(string normalised)
    {
        _tokens.Pairs = Count;
        _tokens.Read(normalised, 0, new(vectors, KnownPairs.None));
    }

    public KnownPairs ToPairs() => new(_twice);

    private void Count(uint hash)
    {
        var (at, bit) = ((hash & (KnownPairs.Bits - 1)) >> 3, (byte)(1 << (int)(hash & 7)));
        _twice[at] |= (byte)(_once[at] & bit);
        _once[at] |= bit;
    }
}
