namespace McpLedger.Detectors.Dlp;

/// <summary>Addresses of persons and machines: mail, telephone, IP.</summary>
internal static class Contacts
{
    public static readonly DlpRule Email = new("email-address", DataClass.Contact, DlpEvidence.Structure);
    public static readonly DlpRule Phone = new("phone-number", DataClass.Contact, DlpEvidence.Structure);
    public static readonly DlpRule IpAddress = new("ip-address", DataClass.Network, DlpEvidence.Structure);

    private const int LongestLocal = 64;
    private const int LongestDomain = 255;

    // The country codes of ITU-T E.164 that have two digits; 1 and 7 have one, all others three.
    private const string TwoDigits = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";

    /// <summary>At an at-sign.</summary>
    public static void Mail(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        var start = at;
        while (start > 0 && at - start < LongestLocal && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] is '.' or '_' or '-' or '+' or '%') && !Borders.IsEscapeBefore(text, start))
        {
            start--;
        }

        var (end, dot) = (at + 1, -1);
        while (end < text.Length && end - at < LongestDomain && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '-' or '.'))
        {
            if (text[end] == '.')
            {
                if (end + 1 >= text.Length || !char.IsAsciiLetterOrDigit(text[end + 1]))
                {
                    break;
                }

                dot = end;
            }

            end++;
        }

        while (start < at && text[start] == '.')
        {
            start++;
        }

        if (start == at || IsUserinfo(text, start) || dot < 0 || end - dot - 1 < 2 || text[(dot + 1)..end].ContainsAnyExcept(Letters) || text[at - 1] == '.' || text[(at + 1)..end].StartsWith("example."))
        {
            return;
        }

        found.Add(Email, start, end - start);
    }

    /// <summary>The number with its plus sign or parentheses, when it is a telephone number.</summary>
    public static bool TryPhone(ReadOnlySpan<char> text, in NumberGroup number, out int start)
    {
        start = number.Start;
        var digits = number.Digits;
        if (number.Start > 0 && text[number.Start - 1] == '+' && Borders.IsBefore(text, number.Start - 1))
        {
            start--;
            return digits.Length is >= 9 and <= 15 && digits[0] > 0 && IsPlan(digits);
        }

        // The North American plan: area and exchange begin with 2 to 9.
        var national = digits.Length == 11 && digits[0] == 1 ? digits[1..] : digits;
        if (national.Length != 10 || national[0] < 2 || national[3] < 2 || number.Separator is '/' or '*')
        {
            return false;
        }

        if (number.Groups is 334 or 1334)
        {
            return Borders.IsBefore(text, number.Start) && !(number.Start > 0 && text[number.Start - 1] is '-' or '.' or '/' or '#' or '=');
        }

        return number.Groups == 0 && digits.Length == 10 && Surroundings.Have(text, number.Start, number.End, Surroundings.Phone);
    }

    /// <summary>At <c>(</c> before three digits: <c>(212) 555-0134</c>.</summary>
    public static int ParenthesisedPhone(ReadOnlySpan<char> text, int at)
    {
        var rest = text[at..];
        if (rest.Length < 13 || rest[4] != ')' || rest[1..4].ContainsAnyExceptInRange('0', '9') || rest[1] < '2')
        {
            return 0;
        }

        var gap = rest[5] == ' ' ? 6 : 5;
        return rest.Length >= gap + 8 && rest[gap] >= '2' && !rest.Slice(gap, 3).ContainsAnyExceptInRange('0', '9') && rest[gap + 3] is '-' or '.' or ' '
            && !rest.Slice(gap + 4, 4).ContainsAnyExceptInRange('0', '9') && (rest.Length == gap + 8 || !char.IsLetterOrDigit(rest[gap + 8])) ? gap + 8 : 0;
    }

    /// <summary>The end of the dotted address that begins at <paramref name="start"/>; 0 when it is none, or one that leads to nobody (private, local, for documentation).</summary>
    public static int IpEnd(ReadOnlySpan<char> text, int start)
    {
        Span<int> parts = stackalloc int[4];
        var at = start;
        for (var part = 0; part < 4; part++)
        {
            var (value, digits) = (0, 0);
            while (at < text.Length && char.IsAsciiDigit(text[at]) && digits < 4)
            {
                value = (value * 10) + text[at++] - '0';
                digits++;
            }

            if (digits is 0 or > 3 || value > 255 || (digits > 1 && text[at - digits] == '0') || (part < 3 && (at >= text.Length || text[at++] != '.')))
            {
                return 0;
            }

            parts[part] = value;
        }

        var follows = at < text.Length && (char.IsLetterOrDigit(text[at]) || (text[at] is '.' or '-' && at + 1 < text.Length && char.IsLetterOrDigit(text[at + 1])));
        return follows || !IsPublic(parts) ? 0 : at;
    }

    private static readonly System.Buffers.SearchValues<char> Letters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");

    /// <summary>True between an address's scheme and its host: what stands before the at-sign is a login.</summary>
    private static bool IsUserinfo(ReadOnlySpan<char> text, int start)
    {
        var before = text[Math.Max(0, start - LongestDomain)..start];
        var scheme = before.LastIndexOf("://");
        return scheme >= 0 && !before[(scheme + 3)..].ContainsAny(" \t\r\n/");
    }

    private static bool IsPlan(ReadOnlySpan<byte> digits)
    {
        if (digits[0] is 1 or 7)
        {
            return digits.Length == 11 && (digits[0] == 7 || digits[1] >= 2);
        }

        Span<char> code = [' ', (char)('0' + digits[0]), (char)('0' + digits[1]), ' '];
        return TwoDigits.AsSpan().Contains(code, StringComparison.Ordinal) || digits[0] is 2 or 3 or 4 or 5 or 6 or 8 or 9;
    }

    private static bool IsPublic(ReadOnlySpan<int> parts) => (parts[0], parts[1], parts[2]) switch
    {
        (0 or 10 or 127 or >= 224, _, _) => false,
        (172, >= 16 and <= 31, _) or (192, 168, _) or (169, 254, _) or (100, >= 64 and <= 127, _) => false,
        (192, 0, 2) or (198, 51, 100) or (203, 0, 113) or (198, 18 or 19, _) => false,
        _ => parts[0] > 9 || parts[1] > 9 || parts[2] > 9 || parts[3] > 9,
    };
}
