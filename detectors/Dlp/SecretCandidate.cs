using System.Buffers;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Text.Views;

namespace McpLedger.Detectors.Dlp;

/// <summary>How a value was given to a name.</summary>
internal enum Assignment
{
    None = 0,
    Equals = 1,
    Colon = 2,
    Prose = 3,
    Option = 4,
    Scheme = 5,
}

/// <summary>A value that stands where a secret would: after a name that promises one.</summary>
internal readonly ref struct SecretCandidate(ReadOnlySpan<char> name, ReadOnlySpan<char> value, int start, Assignment assignment, bool quoted)
{
    public const int Features = 26;
    private const int LongestName = 48;

    // What is judged; a value may be longer.
    private const int LongestValue = 200;
    private const int ShortestValue = 6;

    /// <summary>Parts of names that promise a secret.</summary>
    public static readonly SearchValues<string> Keywords = SearchValues.Create(
        ["passw", "pwd", "secret", "token", "apikey", "api_key", "api-key", "api key", "access_key", "accesskey", "access key", "auth", "credential", "private_key", "privatekey", "passphrase", "passcode", "encryption_key", "signing_key", "bearer", "kennwort", "contraseña", "mot de passe"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> StrongNames = SearchValues.Create(
        ["password", "passwd", "pwd", "secret", "passphrase", "passcode", "api_key", "apikey", "api-key", "api key", "access_key", "accesskey", "private_key", "privatekey", "bearer", "kennwort", "contraseña"],
        StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<string> OtherNames = SearchValues.Create(
        ["_id", "-id", "url", "uri", "type", "file", "path", "length", "count", "field", "policy", "hash", "public", "expire", "expiry", "ttl", "max", "min", "tokens", "tokeniz", "author", "name", "label", "endpoint", "method", "hint", "header", "reset", "require", "valid", "secretary", "page", "next", "cursor", "format", "arn", "provider"],
        StringComparison.OrdinalIgnoreCase);

    // Who wrote something, and where to go on in a list, are named with words that promise a secret.
    private const string Author = "author";
    private static readonly string[] Places = ["page", "next", "continuation", "sync", "cursor"];

    private static readonly SearchValues<string> Words = SearchValues.Create(
        ["string", "null", "true", "false", "none", "undefined", "required", "optional", "number", "integer", "boolean", "object", "default", "enabled", "disabled", "unknown", "empty", "field"], StringComparison.OrdinalIgnoreCase);

    private static readonly SearchValues<char> NameChars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.$");
    private static readonly SearchValues<char> Brackets = SearchValues.Create("()[]{}");
    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<char> ValueEnds = SearchValues.Create(" \t\r\n,;\"'`<>)}]&|");

    private readonly ReadOnlySpan<char> _name = name;
    private readonly Assignment _assignment = assignment;
    private readonly bool _quoted = quoted;

    /// <summary>What is judged: the value, or the beginning of a long one.</summary>
    public ReadOnlySpan<char> Value { get; } = value[..Math.Min(value.Length, LongestValue)];

    public int Start { get; } = start;

    /// <summary>How long the value is.</summary>
    public int Length { get; } = value.Length;

    /// <summary>Reads the candidate whose name has a keyword at <paramref name="at"/>.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, int at, out SecretCandidate candidate)
    {
        candidate = default;
        var nameStart = at;
        while (nameStart > 0 && at - nameStart < LongestName && NameChars.Contains(text[nameStart - 1]))
        {
            nameStart--;
        }

        var nameEnd = at + 1;
        while (nameEnd < text.Length && nameEnd - at < LongestName && (NameChars.Contains(text[nameEnd]) || (text[nameEnd] == ' ' && IsTwoWords(text, at, nameEnd))))
        {
            nameEnd++;
        }

        var name = text[nameStart..nameEnd];
        var i = nameEnd;
        var assignment = Sign(text, name, ref i);
        if (assignment == Assignment.None || i >= text.Length)
        {
            return false;
        }

        // "Authorization: Bearer v" has its value after the scheme.
        if (SchemeLength(text[i..]) is > 0 and var scheme)
        {
            i += scheme;
            assignment = Assignment.Scheme;
        }

        var escaped = i + 1 < text.Length && text[i] == '\\' && text[i + 1] is '"' or '\'';
        i += escaped ? 1 : 0;
        var quote = i < text.Length && text[i] is '"' or '\'' or '`' ? text[i] : '\0';
        i += quote == '\0' ? 0 : 1;
        var window = text[Math.Min(i, text.Length)..Math.Min(text.Length, i + SecretShapes.LongestKey)];
        var end = quote == '\0' ? window.IndexOfAny(ValueEnds) : window.IndexOf(quote);
        if (quote != '\0' && end < 0)
        {
            return false;
        }

        var value = window[..(end < 0 ? window.Length : end)];
        value = escaped ? value.TrimEnd('\\') : quote == '\0' ? value.TrimEnd(assignment == Assignment.Prose ? ".:!?" : ".:") : value;
        candidate = new(name, value, i, assignment, quote != '\0');
        return candidate.IsPlausible(value);
    }

    /// <summary>Reads the value of a member: where it ends, its quotation marks said. One with blanks in it is prose as a whole, and a secret at most in part.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, in TextLeaf name, in TextLeaf value, out SecretCandidate candidate)
    {
        var all = text.Slice(value.Start, value.Length);
        var scheme = SchemeLength(all);
        candidate = new(text.Slice(name.Start, name.Length), all[scheme..], value.Start + scheme, scheme > 0 ? Assignment.Scheme : Assignment.Colon, quoted: true);
        return !all[scheme..].Contains(' ') && candidate.IsPlausible(all[scheme..]);
    }

    // Long secrets are made by machines, and have no blanks.
    private bool IsPlausible(ReadOnlySpan<char> value) =>
        value.Length >= ShortestValue && !value.Contains('\n') && !(value.Length > LongestValue && value.Contains(' ')) && !SecretShapes.IsVariable(value) && !Placeholders.IsOne(Value)
        && Promises(_name) && !PublicValues.IsDate(value) && !PublicValues.IsAddress(value) && !(PublicValues.IsMail(value) && !_name.ContainsAny(StrongNames));

    /// <summary>Whether a keyword in the name means a secret there.</summary>
    private static bool Promises(ReadOnlySpan<char> name)
    {
        for (var at = 0; name[at..].IndexOfAny(Keywords) is >= 0 and var hit; at++)
        {
            at += hit;
            var before = name[..at].TrimEnd("_-.");
            var rest = name[at..];
            var isAuthor = rest.StartsWith(Author, StringComparison.OrdinalIgnoreCase) && !(rest.Length > Author.Length && rest[Author.Length] is 'i' or 'I');
            var isPlace = rest.StartsWith("token", StringComparison.OrdinalIgnoreCase) && EndsWithAny(before, Places);
            if (!isAuthor && !isPlace)
            {
                return true;
            }
        }

        return false;
    }

    private static bool EndsWithAny(ReadOnlySpan<char> text, ReadOnlySpan<string> ends)
    {
        foreach (var end in ends)
        {
            if (text.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static int SchemeLength(ReadOnlySpan<char> text) =>
        text.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || text.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase) || text.StartsWith("Token ", StringComparison.OrdinalIgnoreCase) ? text.IndexOf(' ') + 1 : 0;

    /// <summary>What the classifier looks at; the first is constant.</summary>
    public void Describe(Span<float> features)
    {
        var (digits, uppers, lowers, signs, switches) = (0, 0, 0, 0, 0);
        var (pairs, pairSum) = (0, 0);
        var (before, kind) = (LetterPairs.Border, -1);
        foreach (var c in Value)
        {
            var now = char.IsAsciiDigit(c) ? 0 : char.IsAsciiLetterUpper(c) ? 1 : char.IsAsciiLetterLower(c) ? 2 : 3;
            digits += now == 0 ? 1 : 0;
            uppers += now == 1 ? 1 : 0;
            lowers += now == 2 ? 1 : 0;
            signs += now == 3 ? 1 : 0;
            switches += kind >= 0 && now != kind ? 1 : 0;
            kind = now;
            var letter = LetterPairs.Index(char.ToLowerInvariant(c));
            if (letter != LetterPairs.Border || before != LetterPairs.Border)
            {
                pairSum += LetterPairs.Score(before, letter);
                pairs++;
            }

            before = letter;
        }

        var length = (float)Value.Length;
        var entropy = (float)Checksums.Entropy(Value);
        var classes = (digits > 0 ? 1 : 0) + (uppers > 0 ? 1 : 0) + (lowers > 0 ? 1 : 0) + (signs > 0 ? 1 : 0);
        features[0] = 1;
        features[1] = Math.Min(length / 32, 2);
        features[2] = pairs == 0 ? 0 : Math.Clamp(pairSum / (10f * pairs), -3, 2);
        features[3] = entropy / 5;
        features[4] = entropy / MathF.Log2(Math.Max(length, 2));
        features[5] = digits / length;
        features[6] = uppers / length;
        features[7] = signs / length;
        features[8] = switches / length;
        features[9] = Value.Contains(' ') ? 1 : 0;
        features[10] = KnownShare();
        features[11] = _name.ContainsAny(StrongNames) ? 1 : 0;
        features[12] = _name.ContainsAny(OtherNames) ? 1 : 0;
        features[13] = _quoted ? 1 : 0;
        features[14] = _assignment == Assignment.Equals ? 1 : 0;
        features[15] = _assignment == Assignment.Colon ? 1 : 0;
        features[16] = _assignment == Assignment.Prose ? 1 : 0;
        features[17] = _assignment is Assignment.Scheme or Assignment.Option ? 1 : 0;
        features[18] = Value.Length is 32 or 40 or 64 && !Value.ContainsAnyExcept(Hex) ? 1 : 0;
        features[19] = Value.Length == 36 && Value[8] == '-' && Value[13] == '-' && Value[18] == '-' ? 1 : 0;
        features[20] = digits == Value.Length ? 1 : 0;
        features[21] = Value.ContainsAny(Brackets) || Value.Contains("::", StringComparison.Ordinal) || Value.Contains("->", StringComparison.Ordinal) || IsDotted() ? 1 : 0;
        features[22] = Value[0] is '/' or '.' or '~' || Value.Contains("://", StringComparison.Ordinal) ? 1 : 0;
        features[23] = Value.ContainsAny(Words) ? 1 : 0;
        features[24] = Value.Length >= 8 && classes >= 3 ? 1 : 0;
        features[25] = Value.ContainsAny(Keywords) ? 1 : 0;
    }

    /// <summary>Between the two words of a name ("api key", "access key").</summary>
    private static bool IsTwoWords(ReadOnlySpan<char> text, int at, int gap) => gap + 4 < text.Length && gap - at <= 6 && text[(gap + 1)..].StartsWith("key", StringComparison.OrdinalIgnoreCase);

    private static Assignment Sign(ReadOnlySpan<char> text, ReadOnlySpan<char> name, ref int i)
    {
        i += i < text.Length && text[i] == '\\' ? 1 : 0;
        i += i < text.Length && text[i] is '"' or '\'' or ']' or '`' ? 1 : 0;
        i += i < text.Length && text[i] == ']' ? 1 : 0;
        var blanks = Blanks(text, ref i);
        if (i >= text.Length)
        {
            return Assignment.None;
        }

        if (text[i] is '=' or ':' or '>')
        {
            var sign = text[i] == ':' && !(i + 1 < text.Length && text[i + 1] == '=') ? Assignment.Colon : Assignment.Equals;
            var first = i;
            while (i < text.Length && text[i] is '=' or ':' or '>')
            {
                i++;
            }

            // A comparison gives nothing.
            if (i - first > 2 || text[first..i] is "==")
            {
                return Assignment.None;
            }

            Blanks(text, ref i);
            return sign;
        }

        foreach (var verb in (ReadOnlySpan<string>)["is ", "was ", "to ", "ist ", "es "])
        {
            if (blanks && text[i..].StartsWith(verb, StringComparison.Ordinal))
            {
                i += verb.Length;
                i += text[i..].StartsWith("now ", StringComparison.Ordinal) ? 4 : 0;
                return Assignment.Prose;
            }
        }

        return !blanks ? Assignment.None
            : name.StartsWith("--") ? Assignment.Option
            : name.Equals("bearer", StringComparison.OrdinalIgnoreCase) ? Assignment.Scheme
            : Assignment.None;
    }

    private static bool Blanks(ReadOnlySpan<char> text, ref int i)
    {
        var from = i;
        while (i < text.Length && i - from < 8 && text[i] is ' ' or '\t' or '*')
        {
            i++;
        }

        return i > from;
    }

    /// <summary>The share of the value that is common words.</summary>
    private float KnownShare()
    {
        Span<char> word = stackalloc char[16];
        var (known, start) = (0, 0);
        for (var i = 0; i <= Value.Length; i++)
        {
            // camelCase parts words.
            var border = i == Value.Length || !char.IsAsciiLetter(Value[i]) || (i > start && char.IsAsciiLetterUpper(Value[i]) && char.IsAsciiLetterLower(Value[i - 1]));
            if (!border)
            {
                continue;
            }

            var length = i - start;
            if (length is >= 3 and <= 14)
            {
                Value[start..i].ToLowerInvariant(word);
                known += Lexicon.Rank(word[..length]) >= 0 ? length : 0;
            }

            start = i < Value.Length && char.IsAsciiLetter(Value[i]) ? i : i + 1;
        }

        return known / (float)Value.Length;
    }

    private bool IsDotted() => Value.IndexOf('.') is > 0 and var dot && dot + 1 < Value.Length && char.IsAsciiLetter(Value[dot - 1]) && char.IsAsciiLetter(Value[dot + 1]);
}
