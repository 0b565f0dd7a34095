namespace McpLedger.Detectors.Injection;

/// <summary>
/// Reads a text's shape: words, numbers and addresses become one symbol each, whatever they say and in whatever language, and marks stay what they are. How a text goes on from mark to mark
/// is much the same in all languages, so that a stretch without any order stands out in each of them.
/// </summary>
/// <param name="text">Normalised text.</param>
/// <param name="at">Where to begin.</param>
/// <param name="end">Where to stop, exclusive.</param>
internal ref struct ShapeReader(ReadOnlySpan<char> text, int at, int end)
{
    /// <summary>Bits of one symbol in <see cref="History"/>.</summary>
    public const int SymbolBits = 6;

    /// <summary>How many symbols <see cref="History"/> remembers.</summary>
    public const int Remembered = 6;

    private const ulong Mask = (1UL << (SymbolBits * Remembered)) - 1;
    private const ulong LastMask = (1UL << SymbolBits) - 1;
    private const uint Word = 1;
    private const uint Number = 2;
    private const uint Mixed = 3;
    private const uint Address = 4;
    private const uint Space = 5;
    private const uint Line = 6;
    private const uint OtherMark = 7;
    private const uint FirstMark = 8;

    // More words in a row, or more of the same mark, say nothing new.
    private const int MostWords = 2;
    private const int MostAlike = 3;

    // No word of a language is as long: a key, a hash, a blob.
    private const int LongestWord = 40;

    private readonly ReadOnlySpan<char> _text = text[..end];
    private uint _waiting;

    /// <summary>The last symbols, the newest in the lowest bits; zero where none has been.</summary>
    public ulong History { get; private set; }

    /// <summary>Where what the newest symbol stands for ends, exclusive.</summary>
    public int Stop { get; private set; } = at;

    /// <summary>Goes on to the next symbol; false at the end.</summary>
    public bool Next()
    {
        if (_waiting != 0)
        {
            Push(_waiting);
            _waiting = 0;
            return true;
        }

        while (Stop < _text.Length)
        {
            var gap = ReadGap();
            if (Stop == _text.Length)
            {
                return false;
            }

            var symbol = ReadSymbol();
            if (gap != 0 && (gap == Line || symbol > Mixed || Last is 0 or > Mixed))
            {
                _waiting = IsMoreOfTheSame(symbol) ? 0 : symbol;
                Push(gap);
                return true;
            }

            if (!IsMoreOfTheSame(symbol))
            {
                Push(symbol);
                return true;
            }
        }

        return false;
    }

    private readonly uint Last => (uint)(History & LastMask);

    private void Push(uint symbol) => History = ((History << SymbolBits) | symbol) & Mask;

    private readonly bool IsMoreOfTheSame(uint symbol)
    {
        var most = symbol == Word ? MostWords : MostAlike;
        for (var i = 0; i < most; i++)
        {
            if (((History >> (i * SymbolBits)) & LastMask) != symbol)
            {
                return false;
            }
        }

        return true;
    }

    private uint ReadGap()
    {
        uint gap = 0;
        while (Stop < _text.Length && char.IsWhiteSpace(_text[Stop]))
        {
            gap = _text[Stop++] == '\n' ? Line : Math.Max(gap, Space);
        }

        return gap;
    }

    private uint ReadSymbol()
    {
        var c = _text[Stop];
        if (IsOfWord(c))
        {
            return ReadWord();
        }

        if (IsOfRule(c) && Stop + 2 < _text.Length && IsOfRule(_text[Stop + 1]) && IsOfRule(_text[Stop + 2]))
        {
            while (Stop < _text.Length && IsOfRule(_text[Stop]))
            {
                Stop++;
            }

            return MarkOf('-');
        }

        Stop++;
        return MarkOf(c);
    }

    private uint ReadWord()
    {
        var start = Stop;
        var digits = 0;
        while (Stop < _text.Length && (IsOfWord(_text[Stop]) || _text[Stop] is '\'' or '’'))
        {
            digits += char.IsAsciiDigit(_text[Stop++]) ? 1 : 0;
        }

        if (_text[Stop..].StartsWith("://", StringComparison.Ordinal))
        {
            while (Stop < _text.Length && !char.IsWhiteSpace(_text[Stop]) && !(_text[Stop] is '"' or '\'' or '<' or '>' or '(' or ')' or '[' or ']' or '|'))
            {
                Stop++;
            }

            return Address;
        }

        var length = Stop - start;
        return length > LongestWord ? Address : digits == 0 ? Word : digits == length ? Number : Mixed;
    }

    private static bool IsOfWord(char c) => char.IsLetterOrDigit(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.SpacingCombiningMark;

    // Rules and the borders of tables are drawn with these.
    private static bool IsOfRule(char c) => c is '-' or '=' or '_' or '*' or '#' or '~' or '|' or ':';

    private static uint MarkOf(char c) => c switch
    {
        >= '!' and <= '/' => FirstMark + (uint)(c - '!'),
        >= ':' and <= '@' => FirstMark + 15 + (uint)(c - ':'),
        >= '[' and <= '`' => FirstMark + 22 + (uint)(c - '['),
        >= '{' and <= '~' => FirstMark + 28 + (uint)(c - '{'),
        _ => OtherMark,
    };
}
