namespace McpLedger.Detectors.Behaviour;

/// <summary>
/// Words of suspicious text, each with the tail of the most suspicious text that it stood in. There is room for so many; then a new word takes the place of the oldest among those whose tail is lowest, and of none
/// whose tail is higher than its own: ordinary text leaves room for an attack, and crowds none out.
/// </summary>
internal sealed class SuspiciousWords(int most)
{
    // Tails count as equal within half a unit.
    private const int Levels = 16;
    private readonly Dictionary<ulong, LinkedListNode<Word>> _words = [];
    private readonly LinkedList<Word>?[] _levels = new LinkedList<Word>?[Levels];

    /// <summary>Whether a word stands in suspicious text, and the tail of that.</summary>
    public bool TryGetTail(ulong word, out double tail)
    {
        var isThere = _words.TryGetValue(word, out var node);
        tail = isThere ? node!.Value.Tail : 0;
        return isThere;
    }

    /// <summary>Takes in a word of a text with this tail.</summary>
    public void Add(ulong word, double tail)
    {
        if (_words.TryGetValue(word, out var node))
        {
            tail = Math.Max(tail, node.Value.Tail);
        }
        else if (_words.Count < most)
        {
            node = new(default);
        }
        else if (Array.FindIndex(_levels, static words => words is { Count: > 0 }) is var lowest && lowest <= LevelOf(tail))
        {
            node = _levels[lowest]!.First!;
            _words.Remove(node.Value.Hash);
        }
        else
        {
            return;
        }

        node.List?.Remove(node);
        node.Value = new(word, tail);
        _words[word] = node;
        (_levels[LevelOf(tail)] ??= new()).AddLast(node);
    }

    private static int LevelOf(double tail) => (int)Math.Clamp(tail * 2, 0, Levels - 1);

    private readonly record struct Word(ulong Hash, double Tail);
}
