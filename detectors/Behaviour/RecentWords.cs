namespace McpLedger.Detectors.Behaviour;

/// <summary>
/// Hashes of the words that were seen last. Unlike a <see cref="WordSet"/> it takes no word for another, but for one in a million. It grows with what it holds, up to its bound; then the word gives way that was
/// longest not seen of the eight that could lie in the same place.
/// </summary>
/// <param name="most">Most words: a power of two, from 64 on.</param>
internal sealed class RecentWords(int most)
{
    private const int Ways = 8;
    private const int First = 64;

    // Places of eight, the last seen first; zero where there is none.
    private uint[] _prints = [];

    public void Add(ulong word)
    {
        var print = PrintOf(word);
        while (_prints.Length < most && !HasRoom(PlaceOf(print), print))
        {
            Grow();
        }

        Put(print);
    }

    public bool Contains(ulong word)
    {
        var print = PrintOf(word);
        return PlaceOf(print).Contains(print);
    }

    private static bool HasRoom(ReadOnlySpan<uint> place, uint print) => !place.IsEmpty && (place[^1] == 0 || place.Contains(print));

    private static uint PrintOf(ulong word) => Math.Max((uint)(word >> 32), 1);

    private Span<uint> PlaceOf(uint print) => _prints.Length == 0 ? default : _prints.AsSpan((int)(print % (uint)(_prints.Length / Ways)) * Ways, Ways);

    private void Put(uint print)
    {
        var place = PlaceOf(print);
        var known = place.IndexOf(print);
        place[..(known < 0 ? Ways - 1 : known)].CopyTo(place[1..]);
        place[0] = print;
    }

    private void Grow()
    {
        var before = _prints;
        _prints = new uint[Math.Max(First, before.Length * 2)];
        for (var i = before.Length - 1; i >= 0; i--)
        {
            if (before[i] != 0)
            {
                Put(before[i]);
            }
        }
    }
}
