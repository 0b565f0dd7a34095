namespace McpLedger.Detectors.Dlp;

/// <summary>Identifiers of letters and digits: accounts, and persons' numbers with a check letter.</summary>
internal static class LetterNumberRules
{
    public static readonly DlpRule Iban = new("iban", DataClass.Financial, DlpEvidence.Validated);
    public static readonly DlpRule Nino = new("uk-nino", DataClass.GovernmentId, DlpEvidence.Structure);
    public static readonly DlpRule Spanish = new("es-nif", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Italian = new("it-fiscal-code", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Finnish = new("fi-personal-code", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Singapore = new("sg-nric", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Pan = new("in-pan", DataClass.GovernmentId, DlpEvidence.Structure);
    public static readonly DlpRule Curp = new("mx-curp", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Chinese = new("cn-resident-id", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Dea = new("us-dea-number", DataClass.GovernmentId, DlpEvidence.Validated);

    private const string IbanLengths =
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 "
        + "IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 "
        + "SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

    private const string SpanishLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
    private const string FinnishLetters = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    private const string CurpAlphabet = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ";

    private static readonly byte[] LengthOf = Lengths();

    private static ReadOnlySpan<byte> ItalianOdd => [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

    private static ReadOnlySpan<byte> ChineseWeights => [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

    /// <summary>Where an account number that begins with two letters at <paramref name="start"/> ends; 0 when none begins there.</summary>
    public static int IbanEnd(ReadOnlySpan<char> text, int start)
    {
        var (first, second) = (text[start] - 'A', text[start + 1] - 'A');
        var length = (uint)first < 26 && (uint)second < 26 ? LengthOf[(first * 26) + second] : 0;
        if (length == 0)
        {
            return 0;
        }

        Span<char> compact = stackalloc char[34];
        var (count, at, gap) = (0, start, 0);
        while (at < text.Length && count < length)
        {
            var c = text[at];
            if (char.IsAsciiDigit(c) || char.IsAsciiLetterUpper(c))
            {
                compact[count++] = c;
                gap = 0;
            }
            else if (c is not (' ' or '-' or '\u00A0') || ++gap > 1)
            {
                return 0;
            }

            at++;
        }

        return count == length && (at == text.Length || !char.IsLetterOrDigit(text[at])) && Checksums.Iban(compact[..count]) ? at : 0;
    }

    /// <summary>The rule that a word of letters and digits meets; null when it meets none.</summary>
    public static DlpRule? Match(ReadOnlySpan<char> text, int start, int end)
    {
        var word = text[start..end];
        return word.Length switch
        {
            9 when IsNino(word) && Surroundings.Have(text, start, end, NinoWords) => Nino,
            9 when IsSpanish(word) && Surroundings.Have(text, start, end, Surroundings.Spanish) => Spanish,
            9 when IsSingapore(word) => Singapore,
            9 when IsDea(word) && Surroundings.Have(text, start, end, Surroundings.Dea) => Dea,
            10 when IsPan(word) && Surroundings.Have(text, start, end, Surroundings.IndianTax) => Pan,
            16 when IsItalian(word) => Italian,
            18 when IsChinese(word) => Chinese,
            18 when IsCurp(word) => Curp,
            _ => null,
        };
    }

    /// <summary>Birth date, century sign, number and check: the sign makes two words of it.</summary>
    public static bool IsFinnish(ReadOnlySpan<char> code)
    {
        if (code.Length != 11 || code[6] is not ('-' or '+' or 'A' or 'B' or 'Y' or 'X') || code[..6].ContainsAnyExceptInRange('0', '9') || code[7..10].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var (date, number) = (int.Parse(code[..6], provider: null), int.Parse(code[7..10], provider: null));
        return date / 10000 is >= 1 and <= 31 && date / 100 % 100 is >= 1 and <= 12 && FinnishLetters[((date * 1000) + number) % 31] == code[10];
    }

    private static readonly System.Buffers.SearchValues<string> NinoWords = System.Buffers.SearchValues.Create(["national insurance", "nino", "ni number", "ni no"], StringComparison.OrdinalIgnoreCase);

    private static bool IsNino(ReadOnlySpan<char> word) =>
        char.IsAsciiLetterUpper(word[0]) && char.IsAsciiLetterUpper(word[1]) && !"DFIQUV".Contains(word[0], StringComparison.Ordinal) && !"DFIQUVO".Contains(word[1], StringComparison.Ordinal)
        && word[..2] is not ("BG" or "GB" or "NK" or "KN" or "TN" or "NT" or "ZZ") && !word[2..8].ContainsAnyExceptInRange('0', '9') && word[8] is >= 'A' and <= 'D';

    private static bool IsSpanish(ReadOnlySpan<char> word)
    {
        Span<char> digits = stackalloc char[8];
        word[..8].CopyTo(digits);
        digits[0] = word[0] switch { 'X' => '0', 'Y' => '1', 'Z' => '2', var other => other };
        return !digits.ContainsAnyExceptInRange('0', '9') && word[8] == SpanishLetters[int.Parse(digits, provider: null) % 23];
    }

    private static bool IsSingapore(ReadOnlySpan<char> word)
    {
        if (word[0] is not ('S' or 'T' or 'F' or 'G') || word[1..8].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        ReadOnlySpan<int> weights = [2, 7, 6, 5, 4, 3, 2];
        var sum = word[0] is 'T' or 'G' ? 4 : 0;
        for (var i = 0; i < 7; i++)
        {
            sum += (word[i + 1] - '0') * weights[i];
        }

        return word[8] == (word[0] is 'S' or 'T' ? "JZIHGFEDCBA" : "XWUTRQPNMLK")[sum % 11];
    }

    private static bool IsDea(ReadOnlySpan<char> word)
    {
        if (!char.IsAsciiLetterUpper(word[0]) || !char.IsAsciiLetterOrDigit(word[1]) || word[2..].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var digits = word[2..];
        return (digits[0] + digits[2] + digits[4] - (3 * '0') + (2 * (digits[1] + digits[3] + digits[5] - (3 * '0')))) % 10 == digits[6] - '0';
    }

    private static bool IsPan(ReadOnlySpan<char> word) =>
        !word[..5].ContainsAnyExceptInRange('A', 'Z') && !word[5..9].ContainsAnyExceptInRange('0', '9') && char.IsAsciiLetterUpper(word[9]) && "PCHFATBLJG".Contains(word[3], StringComparison.Ordinal);

    private static bool IsItalian(ReadOnlySpan<char> word)
    {
        if (word[..6].ContainsAnyExceptInRange('A', 'Z') || !char.IsAsciiLetterUpper(word[8]) || !char.IsAsciiLetterUpper(word[11]) || !char.IsAsciiLetterUpper(word[15]))
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < 15; i++)
        {
            var value = char.IsAsciiDigit(word[i]) ? word[i] - '0' : char.IsAsciiLetterUpper(word[i]) ? word[i] - 'A' : -1;
            if (value < 0)
            {
                return false;
            }

            sum += i % 2 == 0 ? ItalianOdd[value] : value;
        }

        return word[15] - 'A' == sum % 26;
    }

    private static bool IsChinese(ReadOnlySpan<char> word)
    {
        if (word[..17].ContainsAnyExceptInRange('0', '9') || word[0] == '0' || word[6] is not ('1' or '2') || !(char.IsAsciiDigit(word[17]) || word[17] is 'X' or 'x'))
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < 17; i++)
        {
            sum += (word[i] - '0') * ChineseWeights[i];
        }

        var month = ((word[10] - '0') * 10) + word[11] - '0';
        return month is >= 1 and <= 12 && "10X98765432"[sum % 11] == char.ToUpperInvariant(word[17]);
    }

    private static bool IsCurp(ReadOnlySpan<char> word)
    {
        if (word[..4].ContainsAnyExceptInRange('A', 'Z') || word[4..10].ContainsAnyExceptInRange('0', '9') || word[10] is not ('H' or 'M' or 'X') || word[11..16].ContainsAnyExceptInRange('A', 'Z') || !char.IsAsciiDigit(word[17]))
        {
            return false;
        }

        var sum = 0;
        for (var i = 0; i < 17; i++)
        {
            sum += CurpAlphabet.IndexOf(word[i], StringComparison.Ordinal) * (18 - i);
        }

        return (10 - (sum % 10)) % 10 == word[17] - '0';
    }

    private static byte[] Lengths()
    {
        var lengths = new byte[26 * 26];
        foreach (var entry in IbanLengths.Split(' '))
        {
            lengths[((entry[0] - 'A') * 26) + entry[1] - 'A'] = byte.Parse(entry[2..], System.Globalization.CultureInfo.InvariantCulture);
        }

        return lengths;
    }
}
