namespace McpLedger.Detectors.Injection;

/// <summary>
/// The tokens of one slice of normalised text and the hashed n-grams that end at each: unigram, bigram, skip bigram, and character 4-grams of words that have no vector.
/// Its arrays are made once and used again for every slice.
/// </summary>
internal sealed class TokenFeatures
{
    /// <summary>Tokens in a slice. A longer text is read as several slices.</summary>
    public const int MaxTokens = 4096;

    /// <summary>Hash buckets: a power of two.</summary>
    public const int Buckets = 1 << 20;

    // A word of a megabyte must cost no more than a long one.
    private const int MaxGramsPerWord = 24;
    private const int MaxFeaturesPerToken = 3 + MaxGramsPerWord;

    private const uint Boundary = 77;

    // Lines are drawn with marks: more of the same say nothing new, and would add up.
    private const int MostAlike = 3;

    // Numbers of two to twelve digits have hashes of their own, one a length.
    private const uint FirstNumber = 0x51ED270Bu;
    private const uint LastNumber = FirstNumber + 12;

    private readonly int[] _features = new int[MaxTokens * MaxFeaturesPerToken];
    private readonly int[] _ends = new int[MaxTokens + 1];
    private readonly int[] _starts = new int[MaxTokens];
    private readonly int[] _stops = new int[MaxTokens];
    private readonly int[] _rows = new int[MaxTokens];
    private readonly byte[] _signs = new byte[MaxTokens];

    public int Count { get; private set; }

    /// <summary>Hears the hash of every pair and skip pair that is read; a trainer listens, nobody else.</summary>
    public Action<uint>? Pairs { get; set; }

    /// <summary>Where the token begins, as an index into the text that was read.</summary>
    public ReadOnlySpan<int> Starts => _starts.AsSpan(0, Count);

    /// <summary>Where the token ends, exclusive.</summary>
    public ReadOnlySpan<int> Stops => _stops.AsSpan(0, Count);

    /// <summary>The token's row in the word vectors; 0 where it has none.</summary>
    public ReadOnlySpan<int> Rows => _rows.AsSpan(0, Count);

    /// <summary>What is odd about the token: <see cref="TokenSigns"/>.</summary>
    public ReadOnlySpan<byte> Signs => _signs.AsSpan(0, Count);

    /// <summary>The buckets of the tokens from <paramref name="first"/> up to <paramref name="end"/>.</summary>
    public ReadOnlySpan<int> Between(int first, int end) => _features.AsSpan(_ends[first], _ends[end] - _ends[first]);

    /// <summary>How many features stand before each token.</summary>
    public ReadOnlySpan<int> Ends => _ends.AsSpan(0, Count + 1);

    /// <summary>Reads at most <see cref="MaxTokens"/> tokens from <paramref name="from"/> on and returns where it stopped.</summary>
    public int Read(ReadOnlySpan<char> text, int from, Vocabulary vocabulary)
    {
        var classes = TokenClasses.All;
        var features = _features;
        var (vectors, pairs) = (vocabulary.Vectors, vocabulary.Pairs);
        var count = 0;
        var filled = 0;
        uint previous = 1, before = 2;
        var afterKnown = false;
        var (alike, at) = (0, from);
        _ends[0] = 0;
        while (at < text.Length && count < MaxTokens)
        {
            var c = text[at];
            var kind = classes[c];
            switch (kind)
            {
                case TokenClasses.Space or TokenClasses.Silent:
                    at++;
                    continue;
                case TokenClasses.Structure:
                    at++;
                    (before, previous) = (previous, Boundary);
                    afterKnown = false;
                    continue;
                default:
                    break;
            }

            var start = at;
            uint hash;
            int row;
            byte signs = 0;
            if (kind == TokenClasses.Word)
            {
                hash = ReadWord(text, classes, ref at);
                row = vectors.RowOf(hash);
                signs = hash >= FirstNumber && hash <= LastNumber ? TokenSigns.Number : c >= 0x80 ? TokenSigns.Foreign : (byte)0;
                if (row == 0)
                {
                    signs |= TokenSigns.Unknown;
                    filled = AddGrams(text[start..at], features, filled);
                }

                features[filled++] = Bucket((hash * 3) + 11);
            }
            else
            {
                at++;
                hash = c * 2654435761u;
                alike = hash == previous ? alike + 1 : 1;
                if (alike > MostAlike)
                {
                    continue;
                }

                signs = kind == TokenClasses.Ideograph ? TokenSigns.Foreign : TokenSigns.Mark;
                row = vectors.RowOf(hash);
                features[filled++] = Bucket(hash + 7);
            }

            var pair = Mix((previous * 0x9E3779B1u) ^ ((hash * 0x85EBCA77u) + 3));
            var skip = Mix((before * 0x27D4EB2Fu) ^ ((hash * 0x9E3779B1u) + 9));
            features[filled++] = (int)(pair & (Buckets - 1));
            features[filled++] = (int)(skip & (Buckets - 1));
            Pairs?.Invoke(pair);
            Pairs?.Invoke(skip);
            if (!pairs.Has(pair))
            {
                signs |= TokenSigns.NewPair;
                signs |= kind == TokenClasses.Word && row != 0 && afterKnown ? TokenSigns.OddPair : (byte)0;
            }

            signs |= pairs.Has(skip) ? (byte)0 : TokenSigns.NewSkip;
            afterKnown = kind == TokenClasses.Word && row != 0;
            (before, previous) = (previous, hash);
            _starts[count] = start;
            _stops[count] = at;
            _rows[count] = row;
            _signs[count] = signs;
            _ends[++count] = filled;
        }

        Count = count;
        return at;
    }

    /// <summary>The hash by which a word of letters and digits is known to <see cref="WordVectors"/>.</summary>
    public static uint HashOf(ReadOnlySpan<char> word)
    {
        var at = 0;
        return word is [var single] && TokenClasses.All[single] != TokenClasses.Word ? single * 2654435761u : ReadWord(word, TokenClasses.All, ref at);
    }

    private static uint ReadWord(ReadOnlySpan<char> text, ReadOnlySpan<byte> classes, ref int at)
    {
        var start = at;
        var hash = 2166136261u;
        var digits = 0;
        while (at < text.Length && classes[text[at]] == TokenClasses.Word)
        {
            var c = text[at++];
            digits += char.IsAsciiDigit(c) ? 1 : 0;
            hash = (hash ^ c) * 16777619;
        }

        // Which number it is says nothing, how long it is may: 4 digits are a year, 12 an account.
        return digits == at - start && digits > 1 ? FirstNumber + (uint)Math.Min(digits, 12) : hash;
    }

    private static int AddGrams(ReadOnlySpan<char> word, int[] features, int filled)
    {
        if (word.Length < 3)
        {
            return filled;
        }

        uint first = '<', second = word[0], third = word[1];
        var last = Math.Min(word.Length, MaxGramsPerWord + 1);
        for (var i = 2; i <= last; i++)
        {
            uint fourth = i < word.Length ? word[i] : '>';
            features[filled++] = Bucket((((((first * 0x01000193u) ^ second) * 0x01000193u) ^ third) * 0x01000193u) ^ fourth ^ 0x5BD1E995u);
            (first, second, third) = (second, third, fourth);
        }

        return filled;
    }

    private static int Bucket(uint hash) => (int)(Mix(hash) & (Buckets - 1));

    private static uint Mix(uint hash)
    {
        hash ^= hash >> 16;
        hash *= 0x7FEB352Du;
        hash ^= hash >> 15;
        hash *= 0x846CA68Bu;
        hash ^= hash >> 16;
        return hash;
    }
}

/// <summary>What may be odd about a token.</summary>
internal static class TokenSigns
{
    public const byte Unknown = 1;
    public const byte Mark = 2;
    public const byte NewPair = 4;
    public const byte NewSkip = 8;
    public const byte Number = 16;
    public const byte Foreign = 32;

    // Both words are known and nobody writes them next to each other.
    public const byte OddPair = 64;

    /// <summary>How many there are.</summary>
    public const int Count = 7;
}
