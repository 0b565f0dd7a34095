using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>Numbers of persons and of money, by digits, grouping, check and neighbours. A check of one digit alone lets one number in ten through: those also need the right words beside them.</summary>
internal static class NumberRules
{
    /// <summary>Most groups that a number is written in.</summary>
    public const int MostGroups = 7;

    public static readonly DlpRule Card = new("card-number", DataClass.Financial, DlpEvidence.Validated);
    public static readonly DlpRule Routing = new("us-routing-number", DataClass.Financial, DlpEvidence.Validated);
    public static readonly DlpRule Ssn = new("us-ssn", DataClass.GovernmentId, DlpEvidence.Structure);
    public static readonly DlpRule Npi = new("us-npi", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Nhs = new("uk-nhs-number", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Bsn = new("nl-bsn", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Pesel = new("pl-pesel", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Tfn = new("au-tfn", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Abn = new("au-abn", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule GermanTax = new("de-tax-id", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Cpf = new("br-cpf", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Cnpj = new("br-cnpj", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Norwegian = new("no-national-id", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Swedish = new("se-personal-number", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Korean = new("kr-rrn", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Thai = new("th-national-id", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Aadhaar = new("in-aadhaar", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Sin = new("ca-sin", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule SouthAfrican = new("za-id", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Imei = new("imei", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Insee = new("fr-insee", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Belgian = new("be-national-number", DataClass.GovernmentId, DlpEvidence.Validated);
    public static readonly DlpRule Ahv = new("ch-ahv", DataClass.GovernmentId, DlpEvidence.Validated);

    private static ReadOnlySpan<sbyte> RoutingWeights => [3, 7, 1, 3, 7, 1, 3, 7, 1];
    private static ReadOnlySpan<sbyte> NhsWeights => [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];
    private static ReadOnlySpan<sbyte> BsnWeights => [9, 8, 7, 6, 5, 4, 3, 2, -1];
    private static ReadOnlySpan<sbyte> PeselWeights => [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1];
    private static ReadOnlySpan<sbyte> TfnWeights => [1, 4, 3, 7, 5, 8, 6, 9, 10];
    private static ReadOnlySpan<sbyte> AbnWeights => [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19];
    private static ReadOnlySpan<sbyte> NorwegianFirst => [3, 7, 6, 1, 8, 9, 4, 5, 2, 1];
    private static ReadOnlySpan<sbyte> NorwegianSecond => [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1];
    private static ReadOnlySpan<sbyte> KoreanWeights => [2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5];
    private static ReadOnlySpan<sbyte> ThaiWeights => [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    private static ReadOnlySpan<sbyte> CnpjWeights => [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    private static ReadOnlySpan<sbyte> EanWeights => [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1];

    /// <summary>The rule that the number meets; null when it meets none.</summary>
    public static DlpRule? Match(ReadOnlySpan<char> text, in NumberGroup number)
    {
        var digits = number.Digits;
        if (digits.Length is < 9 or > 19 || Placeholders.IsTestNumber(digits))
        {
            return null;
        }

        var (at, end) = (number.Start, number.End);
        bool Near(ReadOnlySpan<char> all, SearchValues<string> words) => Surroundings.Have(all, at, end, words);
        return digits.Length switch
        {
            9 when number.Groups == 324 && number.Separator is '-' or ' ' && IsSsn(digits) => number.Separator == '-' || Near(text, Surroundings.Ssn) ? Ssn : null,
            9 when number.Groups == 0 && IsSsn(digits) && Near(text, Surroundings.Ssn) => Ssn,
            9 when IsSin(digits) && number.Groups is 333 or 0 && Near(text, Surroundings.SocialInsurance) => Sin,
            9 when Checksums.Weighted(digits, RoutingWeights) % 10 == 0 && IsRoutingArea(digits) && number.Groups == 0 && Near(text, Surroundings.Routing) => Routing,
            9 when Checksums.Weighted(digits, BsnWeights) % 11 == 0 && Near(text, Surroundings.Bsn) => Bsn,
            9 when Checksums.Weighted(digits, TfnWeights) % 11 == 0 && Near(text, Surroundings.AustralianTax) => Tfn,
            10 when IsNpi(digits) && number.Groups == 0 && Near(text, Surroundings.Npi) => Npi,
            10 when Checksums.Weighted(digits, NhsWeights) % 11 == 0 && number.Groups is 334 or 0 && Near(text, Surroundings.Nhs) => Nhs,
            10 when IsSwedish(digits, 0) && number.Groups is 64 or 0 && Near(text, Surroundings.Swedish) => Swedish,
            11 => Eleven(text, number),
            12 when digits[0] >= 2 && Checksums.Verhoeff(digits) && (number.Groups == 444 && number.Separator is ' ' or '-' || Near(text, Surroundings.Aadhaar)) => Aadhaar,
            12 when IsSwedish(digits, 2) && digits[0] is 1 or 2 && number.Groups is 84 or 0 && Near(text, Surroundings.Swedish) => Swedish,
            12 => IsCard(text, number) ? Card : null,
            13 => Thirteen(text, number) ?? (IsCard(text, number) ? Card : null),
            14 when IsCnpj(digits) && (number.Groups == 23342 || Near(text, Surroundings.Brazilian)) => Cnpj,
            15 when Near(text, Surroundings.Imei) && Checksums.Luhn(digits) => Imei,
            15 when IsInsee(digits) && (number.Groups == 1222332 || Near(text, Surroundings.French)) => Insee,
            >= 14 => IsCard(text, number) ? Card : null,
            _ => null,
        };
    }

    // Four groups of four and what parts them.
    private const int CardLength = 19;

    /// <summary>The rule that some groups of a longer number meet; null when they meet none. They must be written as their kind is, and look like no piece of what stands around them.</summary>
    public static DlpRule? MatchPart(ReadOnlySpan<char> text, in NumberGroup part)
    {
        var before = part.Start > 0 ? NumberGroup.Separates(text, part.Start - 1) : '\0';
        var after = part.End < text.Length ? NumberGroup.Separates(text, part.End) : '\0';
        if ((before == '\0' && after == '\0') || !IsGrouping(part.Groups) || Match(text, part) is not { } rule)
        {
            return null;
        }

        if (part.Groups == 0)
        {
            return before is '\0' or ' ' && after is '\0' or ' ' or '/' ? rule : null;
        }

        // Numbers with a good check stand in rows; others with the same separator before or behind them are groups of something else.
        var isGlued = before == part.Separator || after == part.Separator;
        return !isGlued || (rule == Card && !IsInRow(text, part, before, after)) || (rule != Card && part.Separator == ' ' && rule != Aadhaar) ? rule : null;
    }

    // Of four numbers of four digits each in a row of such, one in fifty looks like a card.
    private static bool IsInRow(ReadOnlySpan<char> text, in NumberGroup part, char before, char after)
    {
        var isRow = (before == part.Separator && DigitsAt(text, part.Start - 2, -1) == 4) || (after == part.Separator && DigitsAt(text, part.End + 1, 1) == 4);
        return isRow && !IsCardAt(text, part.End + 1) && !IsCardAt(text, part.Start - CardLength - 1) && !Surroundings.Have(text, part.Start, part.End, Surroundings.Card);
    }

    // Two cards beside one another are no row.
    private static bool IsCardAt(ReadOnlySpan<char> text, int start)
    {
        Span<byte> room = stackalloc byte[NumberGroup.MostDigits];
        return start >= 0 && start < text.Length && char.IsAsciiDigit(text[start]) && NumberGroup.TryReadPart(text, start, 4, room, out var other) && other.Groups == 4444 && IsCard(text, other);
    }

    private static int DigitsAt(ReadOnlySpan<char> text, int at, int step)
    {
        var count = 0;
        while (count < 5 && at >= 0 && at < text.Length && char.IsAsciiDigit(text[at]))
        {
            count++;
            at += step;
        }

        return count;
    }

    private static bool IsGrouping(int groups) =>
        groups is 0 or 4444 or 465 or 464 or 44443 or 324 or 333 or 334 or 444 or 64 or 84 or 67 or 3332 or 3442 or 2333 or 22232 or 23342 or 14521 or 1222332;

    private static DlpRule? Eleven(ReadOnlySpan<char> text, in NumberGroup number)
    {
        var digits = number.Digits;
        var (at, end) = (number.Start, number.End);
        if (IsCpf(digits) && (number.Groups == 3332 || Surroundings.Have(text, at, end, Surroundings.Brazilian)))
        {
            return Cpf;
        }

        if (IsBelgian(digits) && (number.Groups == 22232 || Surroundings.Have(text, at, end, Surroundings.Belgian)))
        {
            return Belgian;
        }

        return Checksums.Weighted(digits, PeselWeights) % 10 == 0 && number.Groups == 0 && Surroundings.Have(text, at, end, Surroundings.Pesel) ? Pesel
            : Checksums.Mod11And10(digits) && digits[0] > 0 && number.Groups is 0 or 2333 && Surroundings.Have(text, at, end, Surroundings.GermanTax) ? GermanTax
            : IsAbn(digits) && number.Groups is 0 or 2333 && Surroundings.Have(text, at, end, Surroundings.AustralianTax) ? Abn
            : Checksums.Weighted(digits, NorwegianFirst) % 11 == 0 && Checksums.Weighted(digits, NorwegianSecond) % 11 == 0 && Surroundings.Have(text, at, end, Surroundings.Norwegian) ? Norwegian
            : null;
    }

    private static DlpRule? Thirteen(ReadOnlySpan<char> text, in NumberGroup number)
    {
        var digits = number.Digits;
        var (at, end) = (number.Start, number.End);
        var ean = Checksums.Weighted(digits, EanWeights) % 10 == 0;
        return digits is [7, 5, 6, ..] && ean && number.Groups is 3442 or 0 && (number.Groups == 3442 || number.Separator == '\0') && (number.Groups != 0 || Surroundings.Have(text, at, end, AhvWords)) ? Ahv
            : number.Groups == 67 && number.Separator == '-' && IsDate(digits, 0) && (11 - (Checksums.Weighted(digits, KoreanWeights) % 11)) % 10 == digits[12] ? Korean
            : (11 - (Checksums.Weighted(digits, ThaiWeights) % 11)) % 10 == digits[12] && (number.Groups == 14521 || Surroundings.Have(text, at, end, Surroundings.Thai)) ? Thai
            : IsDate(digits, 0) && digits[10] <= 1 && Checksums.Luhn(digits) && number.Groups == 0 && Surroundings.Have(text, at, end, Surroundings.SouthAfrican) ? SouthAfrican
            : null;
    }

    private static readonly SearchValues<string> AhvWords = SearchValues.Create(["ahv", "avs", "sozialversicherung"], StringComparison.OrdinalIgnoreCase);

    private static bool IsCard(ReadOnlySpan<char> text, in NumberGroup number)
    {
        var digits = number.Digits;
        var grouped = number.Separator is ' ' or '-' && (number.Groups is 4444 or 465 or 464 or 44443);
        var isIssued = IsIssued(digits);
        if ((number.Groups != 0 && !grouped) || !(isIssued || IsNamed(digits)) || !Checksums.Luhn(digits))
        {
            return false;
        }

        // Part of a longer name, a decimal or a path is no card; a month and a year may follow one.
        var (at, end) = (number.Start, number.End);
        var isPart = !Borders.IsBefore(text, at) || (at > 0 && text[at - 1] is '_' or '.' or '/' or '-' or '=')
            || (end < text.Length && (char.IsAsciiLetter(text[end]) || text[end] is '_' or '-' || (text[end] == '/' && !IsExpiry(text[end..]))));
        if (isPart)
        {
            return at > 0 && text[at - 1] == '=' && Surroundings.Have(text, at, end, Surroundings.Card);
        }

        return (isIssued && (grouped || digits.Length is 15 or 16)) || Surroundings.Have(text, at, end, Surroundings.Card);
    }

    /// <summary>A month and a year, each behind a slash.</summary>
    private static bool IsExpiry(ReadOnlySpan<char> text) =>
        text.Length >= 6 && text[3] == '/' && text[1] is '0' or '1' && char.IsAsciiDigit(text[2]) && char.IsAsciiDigit(text[4]) && char.IsAsciiDigit(text[5]);

    /// <summary>The issuers' ranges and the lengths they use.</summary>
    private static bool IsIssued(ReadOnlySpan<byte> digits)
    {
        var two = (digits[0] * 10) + digits[1];
        var four = (two * 100) + (digits[2] * 10) + digits[3];
        return digits.Length switch
        {
            13 => digits[0] == 4,
            14 => four is (>= 3000 and <= 3059) or (>= 3600 and <= 3699) or (>= 3800 and <= 3999),
            15 => two is 34 or 37 || four is 1800 or 2131,
            16 => digits[0] == 4 || two is >= 51 and <= 55 || four is (>= 2221 and <= 2720) or 6011 or (>= 6440 and <= 6599) or (>= 3528 and <= 3589) or (>= 6200 and <= 6299),
            19 => digits[0] == 4 || two is 62 or 65,
            _ => false,
        };
    }

    /// <summary>Ranges that count beside a word for a card only: debit cards of any length from 12 digits on, and what begins as its issuer's cards do.</summary>
    private static bool IsNamed(ReadOnlySpan<byte> digits)
    {
        var four = (digits[0] * 1000) + (digits[1] * 100) + (digits[2] * 10) + digits[3];
        return four is 5018 or 5020 or 5038 or 5893 or 6304 or 6390 or 6759 or (>= 6761 and <= 6763) || (digits.Length == 16 && four is >= 3500 and <= 3599);
    }

    private static bool IsSsn(ReadOnlySpan<byte> digits)
    {
        var area = (digits[0] * 100) + (digits[1] * 10) + digits[2];
        return area is not (0 or 666) && area < 900 && digits[3] + digits[4] > 0 && digits[5] + digits[6] + digits[7] + digits[8] > 0;
    }

    private static bool IsSin(ReadOnlySpan<byte> digits) => digits[0] is not (0 or 8) && Checksums.Luhn(digits);

    private static bool IsRoutingArea(ReadOnlySpan<byte> digits) => ((digits[0] * 10) + digits[1]) is (<= 12) or (>= 21 and <= 32) or (>= 61 and <= 72) or 80;

    private static bool IsNpi(ReadOnlySpan<byte> digits)
    {
        // The prefix of health cards in the United States is part of the sum and not of the number.
        Span<byte> prefixed = stackalloc byte[15];
        ((ReadOnlySpan<byte>)[8, 0, 8, 4, 0]).CopyTo(prefixed);
        digits.CopyTo(prefixed[5..]);
        return digits[0] is 1 or 2 && Checksums.Luhn(prefixed);
    }

    private static bool IsSwedish(ReadOnlySpan<byte> digits, int from) => IsDate(digits, from) && Checksums.Luhn(digits[from..]);

    private static bool IsAbn(ReadOnlySpan<byte> digits) => digits[0] > 0 && (Checksums.Weighted(digits, AbnWeights) - 10) % 89 == 0;

    private static bool IsCpf(ReadOnlySpan<byte> digits)
    {
        var (first, second) = (0, 0);
        for (var i = 0; i < 10; i++)
        {
            first += i < 9 ? digits[i] * (10 - i) : 0;
            second += digits[i] * (11 - i);
        }

        return first * 10 % 11 % 10 == digits[9] && second * 10 % 11 % 10 == digits[10];
    }

    private static bool IsCnpj(ReadOnlySpan<byte> digits) => Tail(digits[..12], CnpjWeights[1..]) == digits[12] && Tail(digits[..13], CnpjWeights) == digits[13];

    private static int Tail(ReadOnlySpan<byte> digits, ReadOnlySpan<sbyte> weights) => Checksums.Weighted(digits, weights) % 11 is var rest && rest < 2 ? 0 : 11 - rest;

    private static bool IsBelgian(ReadOnlySpan<byte> digits)
    {
        Span<byte> born2000 = stackalloc byte[10];
        born2000[0] = 2;
        digits[..9].CopyTo(born2000[1..]);
        var check = (digits[9] * 10) + digits[10];
        return ((digits[2] * 10) + digits[3]) is >= 1 and <= 12 && (97 - Checksums.Mod97(digits[..9]) == check || 97 - Checksums.Mod97(born2000) == check);
    }

    private static bool IsInsee(ReadOnlySpan<byte> digits) =>
        digits[0] is 1 or 2 && ((digits[3] * 10) + digits[4]) is (>= 1 and <= 12) or (>= 20 and <= 42) && 97 - Checksums.Mod97(digits[..13]) == (digits[13] * 10) + digits[14];

    /// <summary>Year, month and day, two digits each.</summary>
    private static bool IsDate(ReadOnlySpan<byte> digits, int from) =>
        ((digits[from + 2] * 10) + digits[from + 3]) is >= 1 and <= 12 && ((digits[from + 4] * 10) + digits[from + 5]) is (>= 1 and <= 31) or (>= 61 and <= 91);
}
