namespace McpLedger.Detectors.Training.Data;

/// <summary>
/// A text's runs of five words, as the smallest of their hashes under 128 hash functions (MinHash): the share of places in which two sketches agree estimates the share of runs that two texts have in common.
/// Words are runs of letters and digits, in lower case; a text of fewer than five is one run.
/// </summary>
internal sealed class ShingleSketch
{
    public const int Bands = Size / BandRows;

    private const int Size = 128;

    // Thirty-two bands of four: of two texts that have four fifths in common one pair in twenty million shares no band.
    private const int BandRows = 4;
    private const double Near = 0.8;
    private const int Words = 5;

    // What is longer is a copy or none by its first part.
    private const int MostWords = 20_000;

    private static readonly (ulong Factor, ulong Offset)[] Functions = Draw();

    private readonly ulong[] _smallest;

    private ShingleSketch(ulong[] smallest) => _smallest = smallest;

    public static ShingleSketch Of(string text)
    {
        var smallest = new ulong[Size];
        Array.Fill(smallest, ulong.MaxValue);
        Span<ulong> last = stackalloc ulong[Words];
        var (count, at) = (0, 0);
        while (count < MostWords && Next(text, ref at) is { } word)
        {
            last[count++ % Words] = word;
            if (count >= Words)
            {
                Add(smallest, Joined(last, count));
            }
        }

        if (count < Words)
        {
            Add(smallest, Joined(last[..count], count));
        }

        return new(smallest);
    }

    /// <summary>Sketches with the same number in the same band may be near.</summary>
    public ulong Band(int band)
    {
        var key = 0UL;
        foreach (var value in _smallest.AsSpan(band * BandRows, BandRows))
        {
            key = Mixed(key ^ value);
        }

        return key;
    }

    public bool IsNear(ShingleSketch other)
    {
        var same = 0;
        for (var i = 0; i < Size; i++)
        {
            same += _smallest[i] == other._smallest[i] ? 1 : 0;
        }

        return same >= Near * Size;
    }

    // The oldest of the words first: the order within a run counts.
    private static ulong Joined(ReadOnlySpan<ulong> words, int count)
    {
        var joined = 0UL;
        for (var i = 0; i < words.Length; i++)
        {
            joined = Mixed(joined ^ words[(count + i) % words.Length]);
        }

        return joined;
    }

    private static void Add(ulong[] smallest, ulong run)
    {
        for (var i = 0; i < Size; i++)
        {
            smallest[i] = Math.Min(smallest[i], (run * Functions[i].Factor) + Functions[i].Offset);
        }
    }

    private static ulong? Next(string text, ref int at)
    {
        while (at < text.Length && !char.IsLetterOrDigit(text[at]))
        {
            at++;
        }

        if (at == text.Length)
        {
            return null;
        }

        var word = 14695981039346656037UL;
        for (; at < text.Length && char.IsLetterOrDigit(text[at]); at++)
        {
            word = (word ^ char.ToLowerInvariant(text[at])) * 1099511628211UL;
        }

        return Mixed(word);
    }

    private static ulong Mixed(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9UL;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EBUL;
        return value ^ (value >> 31);
    }

    private static (ulong, ulong)[] Draw()
    {
        var dice = new Dice(160);
        return [.. Enumerable.Range(0, Size).Select(_ => (dice.Next() | 1, dice.Next()))];
    }
}
