using System.Buffers;
using System.Text;

namespace McpLedger.Detectors.Text;

/// <summary>
/// One pass from text as it was written to text as a model should read it: compatible forms, case and accents folded, invisible characters gone, escapes of HTML, URLs and
/// programming languages undone, look-alikes read as what they look like, white space one character a run. Every character keeps the byte it came from.
/// </summary>
internal ref struct Normaliser(MappedText from, MappedText to, MappedText tags)
{
    private readonly ReadOnlySpan<char> _text = from.Chars;
    private HiddenText _hidden;
    private int _hiddenInWord;
    private int _gap;
    private int _seen;
    private bool _deceives;

    /// <summary>Reads the whole of one text.</summary>
    /// <param name="from">As it was written.</param>
    /// <param name="to">Takes the normal form; is cleared first.</param>
    /// <param name="tags">Takes what tag characters spell.</param>
    /// <returns>Marks that are certain.</returns>
    public static HiddenText Run(MappedText from, MappedText to, MappedText tags)
    {
        to.Clear();
        var pass = new Normaliser(from, to, tags);
        pass.Run();
        to.End(from.OriginAt(from.Length));
        return pass._hidden;
    }

    private void Run()
    {
        for (var i = 0; i < _text.Length;)
        {
            var c = _text[i];
            if (char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c))
            {
                _gap = 0;
                to.Add(c, from.OriginAt(i++));
            }
            else if (c < 0x80)
            {
                i += Ascii(c, i);
            }
            else
            {
                i += Other(c, i);
            }
        }

        EndWord();
    }

    private int Ascii(char c, int i)
    {
        switch (c)
        {
            case >= 'A' and <= 'Z':
                _gap = 0;
                to.Add((char)(c | 0x20), from.OriginAt(i));
                return 1;
            case ' ' or '\n' or '\t' or '\r':
                Space(c == '\n', i);
                return 1;
            case '&':
                var entity = HtmlEntities.Read(_text[i..], out var code);
                return entity > 0 ? Decoded(code, i, entity) : Plain(c, i);
            case '%':
                var escaped = PercentEscape.Read(_text[i..], out code);
                return escaped > 0 ? Decoded(code, i, escaped) : Plain(c, i);
            case '\\':
                return Backslash(i);
            case < ' ' or '\u007F':
                return Control(i);
            default:
                return Plain(c, i);
        }
    }

    private int Plain(char c, int i)
    {
        EndWord();
        _gap = 0;
        to.Add(c, from.OriginAt(i));
        return 1;
    }

    private void Space(bool line, int i)
    {
        EndWord();
        if (++_gap == 1)
        {
            to.Add(line ? '\n' : ' ', from.OriginAt(i));
        }
        else if (line)
        {
            to.CharAt(to.Length - 1) = '\n';
        }
    }

    private readonly int Control(int i) => Math.Max(EscapeSequences.Length(_text[i..], out _), 1);

    /// <summary>Escapes of programming languages: JSON inside a string shows its own ones again.</summary>
    private int Backslash(int i)
    {
        if (i + 1 >= _text.Length)
        {
            return Plain('\\', i);
        }

        switch (_text[i + 1])
        {
            case 'n' or 'r':
                Space(line: true, i);
                return 2;
            case 't':
                Space(line: false, i);
                return 2;
            case '"' or '\'' or '/' or '\\':
                return 1 + Plain(_text[i + 1], i);
            case 'u' when JsonString.Hex(_text[(i + 2)..], 4) is >= 0 and var unit:
                if (char.IsHighSurrogate((char)unit) && _text[(i + 6)..].StartsWith("\\u") && JsonString.Hex(_text[(i + 8)..], 4) is >= 0xDC00 and <= 0xDFFF and var low)
                {
                    return Decoded(char.ConvertToUtf32((char)unit, (char)low), i, 12);
                }

                return char.IsSurrogate((char)unit) ? Plain('\\', i) : Decoded(unit, i, 6);
            case 'x' when JsonString.Hex(_text[(i + 2)..], 2) is >= 0 and var single:
                return Decoded(single, i, 4);
            default:
                return Plain('\\', i);
        }
    }

    private int Decoded(int code, int i, int length)
    {
        if (code is ' ' or '\n' or '\t' or '\r')
        {
            Space(code == '\n', i);
        }
        else if (code is >= ' ' and < 0x7F)
        {
            if (!char.IsAsciiLetterOrDigit((char)code))
            {
                EndWord();
            }

            _gap = 0;
            to.Add(char.ToLowerInvariant((char)code), from.OriginAt(i));
        }
        else if (code > char.MaxValue)
        {
            Beyond(code, i);
        }
        else if (code > 0x7F)
        {
            Fold((char)code, i);
        }

        return length;
    }

    private int Other(char c, int i)
    {
        if (!char.IsSurrogate(c))
        {
            if (c is >= '\u0080' and <= '\u009F' and not '\u0085')
            {
                return Control(i);
            }

            Fold(c, i);
            return 1;
        }

        if (Rune.DecodeFromUtf16(_text[i..], out var rune, out var width) != OperationStatus.Done)
        {
            return Plain('\uFFFD', i);
        }

        Beyond(rune.Value, i);
        return width;
    }

    private void Fold(char c, int i)
    {
        var folded = Folding.Of(c);
        if (folded == Folding.Deleted)
        {
            Deleted(c, i);
            return;
        }

        if (folded == Folding.Several)
        {
            foreach (var part in Folding.Expand(c))
            {
                Letter(part, i);
            }
        }
        else
        {
            Letter(folded, i);
        }
    }

    private void Letter(char folded, int i)
    {
        if (folded is ' ' or '\n')
        {
            Space(folded == '\n', i);
            return;
        }

        _deceives |= Folding.CanDeceive(folded);
        if (!char.IsLetterOrDigit(folded))
        {
            EndWord();
        }

        _gap = 0;
        to.Add(folded, from.OriginAt(i));
    }

    private void Beyond(int code, int i)
    {
        if (code is >= 0xE0000 and <= 0xE007F)
        {
            Tag(code, i);
        }
        else if (Folding.Beyond(code) is { } folded)
        {
            foreach (var part in folded)
            {
                Letter(part, i);
            }
        }
        else if (code is < 0xE0100 or > 0xE01EF)
        {
            EndWord();
            _gap = 0;
            JsonString.Add(new(code), from.OriginAt(i), to);
        }
    }

    private void Tag(int code, int i)
    {
        if (code is >= 0xE0020 and <= 0xE007E && !RegionalFlag.Holds(_text, i))
        {
            _hidden |= HiddenText.TagBlock;
            tags.Add((char)(code - 0xE0000), from.OriginAt(i));
        }
    }

    private void Deleted(char c, int i)
    {
        if (c is (>= '\uFE00' and <= '\uFE0F') or (>= '\u0300' and <= '\u036F'))
        {
            return;
        }

        if (c is (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069') or '\u200E' or '\u200F' or '\u061C')
        {
            _hidden |= c is '\u202D' or '\u202E' ? HiddenText.BidiOverride : HiddenText.None;
            return;
        }

        if (to.Length > 0 && IsWestern(to.CharAt(to.Length - 1)) && i + 1 < _text.Length && NextIsWestern(i + 1))
        {
            _hidden |= ++_hiddenInWord >= 2 ? HiddenText.InsideWord : HiddenText.None;
        }
    }

    // A run of what is not seen is passed over once, however many of it ask.
    private bool NextIsWestern(int i)
    {
        _seen = Math.Max(_seen, i);
        while (_seen < _text.Length && _text[_seen] > 0x80 && Folding.Of(_text[_seen]) == Folding.Deleted)
        {
            _seen++;
        }

        return _seen < _text.Length && IsWestern(_text[_seen]);
    }

    /// <summary>Letters of scripts that need no joiner inside a word.</summary>
    private static bool IsWestern(char c) => char.IsAsciiLetter(c) || (c is >= '\u00C0' and <= '\u058F' && char.IsLetter(c));

    private void EndWord()
    {
        _hiddenInWord = 0;
        if (_deceives)
        {
            _deceives = false;
            LookAlikes.Resolve(to);
        }
    }
}
