using System.Buffers;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Dlp;

/// <summary>
/// Finds secrets and personal data in a text. A pass of vectorised searches stops where something could begin (a known beginning, a digit, a sign, a promising name); only
/// the rules of that place run, on the slice that they need.
/// </summary>
public static class DlpScan
{
    private const int LongestWord = 80;

    // A colon and a space (MessageText.Plain).
    private const int AfterName = 2;

    private static readonly string[] Marks = ["JQQJ99", "+ASt", "+ABa", "+AMC", "ACDb", "APIM", "+ASb", "+AEh", "+ARm", "AIoT", "AzSe", "AzCa", "AzFu"];
    private static readonly string[] ConnectionKeys = ["AccountKey=", "SharedAccessKey=", "Password=", "Pwd="];
    private static readonly string[] Anchors = [.. SecretTokens.All.Select(token => token.Prefix).Concat(Marks).Concat(["-----BEGIN ", "://", ":AA"]).Distinct()];
    private static readonly SearchValues<string> AnchorValues = SearchValues.Create(Anchors, StringComparison.Ordinal);
    private static readonly SearchValues<string> ConnectionValues = SearchValues.Create(ConnectionKeys, StringComparison.OrdinalIgnoreCase);
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789@");

    /// <summary>Everything that is looked for, each id once.</summary>
    public static IReadOnlyList<DlpRule> Rules { get; } =
    [
        .. SecretTokens.All.Select(token => token.Rule).DistinctBy(rule => rule.Id),
        SecretShapes.PrivateKey, SecretShapes.UrlPassword, SecretShapes.ConnectionString, SecretShapes.AzureKey, SecretShapes.AwsSecretKey, SecretShapes.TelegramToken, GenericSecrets.Rule,
        NumberRules.Card, NumberRules.Routing, NumberRules.Ssn, NumberRules.Npi, NumberRules.Nhs, NumberRules.Bsn, NumberRules.Pesel, NumberRules.Tfn, NumberRules.Abn, NumberRules.GermanTax, NumberRules.Cpf,
        NumberRules.Cnpj, NumberRules.Norwegian, NumberRules.Swedish, NumberRules.Korean, NumberRules.Thai, NumberRules.Aadhaar, NumberRules.Sin, NumberRules.SouthAfrican, NumberRules.Imei, NumberRules.Insee,
        NumberRules.Belgian, NumberRules.Ahv, LetterNumberRules.Iban, LetterNumberRules.Nino, LetterNumberRules.Spanish, LetterNumberRules.Italian, LetterNumberRules.Finnish, LetterNumberRules.Singapore,
        LetterNumberRules.Pan, LetterNumberRules.Curp, LetterNumberRules.Chinese, LetterNumberRules.Dea, CryptoAddresses.Bitcoin, CryptoAddresses.BitcoinKey, CryptoAddresses.Ethereum,
        Contacts.Email, Contacts.Phone, Contacts.IpAddress,
    ];

    /// <summary>Searches a message's own text and leaves what was found, in order and without overlaps, in <paramref name="found"/>.</summary>
    /// <param name="message">Where a member ends, so does its value.</param>
    /// <param name="found">Is cleared first.</param>
    public static void Run(MessageText message, DlpFindings found) => Run(message.Plain.Chars, message.Leaves, found);

    /// <summary>Searches the text and leaves what was found, in order and without overlaps, in <paramref name="found"/>.</summary>
    /// <param name="text">Plain, as it was written.</param>
    /// <param name="found">Is cleared first.</param>
    public static void Run(ReadOnlySpan<char> text, DlpFindings found) => Run(text, [], found);

    private static void Run(ReadOnlySpan<char> text, ReadOnlySpan<TextLeaf> leaves, DlpFindings found)
    {
        found.Clear();
        Anchored(text, found);
        Connections(text, found);
        Numbers(text, found);
        Named(text, leaves, found);
        found.Settle();
    }

    private static void Anchored(ReadOnlySpan<char> text, DlpFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(AnchorValues) is >= 0 and var hit;)
        {
            at += hit;
            at += Math.Max(1, Anchor(text, at, found));
        }
    }

    /// <summary>Runs the rules of the anchors that stand here.</summary>
    /// <returns>How much was taken; 0 for nothing.</returns>
    private static int Anchor(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        var rest = text[at..];
        switch (rest[0])
        {
            case ':':
                if (rest.StartsWith("://"))
                {
                    SecretShapes.Url(text, at, found);
                }
                else
                {
                    SecretShapes.Telegram(text, at, found);
                }

                return 1;
            case '-':
                SecretShapes.Pem(text, at, found);
                return 1;
            case '+' or 'J':
                Azure(text, at, found);
                return 1;
            case 'A':
                Azure(text, at, found);
                break;
            default:
                break;
        }

        foreach (var token in SecretTokens.All)
        {
            if (rest.StartsWith(token.Prefix) && token.Length(text, at) is > 0 and var length)
            {
                found.Add(token.Rule, at, length);
                if (token.Rule.Id == "aws-access-key-id")
                {
                    SecretShapes.AwsSecret(text, at, found);
                }

                return length;
            }
        }

        return 0;
    }

    private static void Azure(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        foreach (var mark in Marks)
        {
            if (text[at..].StartsWith(mark))
            {
                SecretShapes.Azure(text, at, mark, found);
            }
        }
    }

    private static void Connections(ReadOnlySpan<char> text, DlpFindings found)
    {
        for (var at = 0; text[at..].IndexOfAny(ConnectionValues) is >= 0 and var hit;)
        {
            at += hit;
            at += text[at..].IndexOf('=') + 1;
            SecretShapes.ConnectionValue(text, at, found);
        }
    }

    private static void Named(ReadOnlySpan<char> text, ReadOnlySpan<TextLeaf> leaves, DlpFindings found)
    {
        var leaf = 0;
        for (var at = 0; at < text.Length && text[at..].IndexOfAny(SecretCandidate.Keywords) is >= 0 and var hit;)
        {
            at += hit;
            while (leaf < leaves.Length && leaves[leaf].End <= at)
            {
                leaf++;
            }

            at = MemberAt(leaves, leaf) is { } value && GenericSecrets.IsMember(text, leaves[leaf], value, found) ? value.End : GenericSecrets.Find(text, at, found);
            at = Math.Min(at, text.Length);
        }
    }

    /// <summary>The string that the name at <paramref name="name"/> was given; null where there is no name, or it was given something else.</summary>
    private static TextLeaf? MemberAt(ReadOnlySpan<TextLeaf> leaves, int name) =>
        name + 1 < leaves.Length && leaves[name].Kind == TextLeafKind.Name && leaves[name + 1] is { Kind: TextLeafKind.Value } value && value.Start == leaves[name].End + AfterName ? value : null;

    /// <summary>Everything with a digit in it, and mail addresses.</summary>
    private static void Numbers(ReadOnlySpan<char> text, DlpFindings found)
    {
        Span<byte> room = stackalloc byte[NumberGroup.MostDigits];
        for (var at = 0; at < text.Length && text[at..].IndexOfAny(Digits) is >= 0 and var hit;)
        {
            at += hit;
            at = text[at] == '@' ? Mail(text, at, found) : Digit(text, at, room, found);
        }
    }

    private static int Mail(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        Contacts.Mail(text, at, found);
        return at + 1;
    }

    private static int Digit(ReadOnlySpan<char> text, int at, Span<byte> room, DlpFindings found)
    {
        var start = at;
        while (start > 0 && at - start < LongestWord && char.IsAsciiLetter(text[start - 1]) && !Borders.IsEscapeBefore(text, start))
        {
            start--;
        }

        // What an escape of the text's own is written with is no word; a percent sign may also be itself.
        var escape = start > 0 && text[start - 1] is '\\' or '%' ? start - 1 + Borders.EscapeLength(text[(start - 1)..]) : 0;
        if (escape > at && text[start - 1] == '\\')
        {
            return escape;
        }

        var before = found.All.Length;
        var next = Digit(text, start, at, room, found);
        return escape > at && found.All.Length == before ? escape : next;
    }

    private static int Digit(ReadOnlySpan<char> text, int start, int at, Span<byte> room, DlpFindings found)
    {
        var end = at + 1;
        while (end < text.Length && end - start < LongestWord && char.IsAsciiLetterOrDigit(text[end]))
        {
            end++;
        }

        if (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
        {
            // Longer than any word that is looked for.
            var after = text[end..].IndexOfAnyExcept(LettersAndDigits);
            return after < 0 ? text.Length : end + after;
        }

        if (start < at)
        {
            return Word(text, start, at, end, found);
        }

        if (text[start..end].IndexOfAnyExceptInRange('0', '9') >= 0)
        {
            return Word(text, start, at, end, found);
        }

        return Group(text, start, end, room, found);
    }

    private static int Word(ReadOnlySpan<char> text, int start, int firstDigit, int end, DlpFindings found)
    {
        if (start > 0 && text[start - 1] is '_' or '/')
        {
            return end;
        }

        if (firstDigit - start == 2 && LetterNumberRules.IbanEnd(text, start) is > 0 and var iban)
        {
            found.Add(LetterNumberRules.Iban, start, iban - start);
            return iban;
        }

        if ((LetterNumberRules.Match(text, start, end) ?? CryptoAddresses.Match(text, start, end)) is { } rule)
        {
            found.Add(rule, start, end - start);
        }
        else if (end - start >= 7 && end - start <= 11 && start + 11 <= text.Length && LetterNumberRules.IsFinnish(text.Slice(start, 11)) && Borders.IsAfter(text, start + 11))
        {
            found.Add(LetterNumberRules.Finnish, start, 11);
            return start + 11;
        }

        return end;
    }

    private static int Group(ReadOnlySpan<char> text, int start, int end, Span<byte> room, DlpFindings found)
    {
        if (start + 11 <= text.Length && end - start == 6 && LetterNumberRules.IsFinnish(text.Slice(start, 11)) && Borders.IsAfter(text, start + 11))
        {
            found.Add(LetterNumberRules.Finnish, start, 11);
            return start + 11;
        }

        if (Contacts.IpEnd(text, start) is > 0 and var address && Borders.IsBefore(text, start) && !(start > 0 && text[start - 1] is '.' or '-' or '_'))
        {
            found.Add(Contacts.IpAddress, start, address - start);
            return address;
        }

        // The rest of a number that meant nothing as a whole.
        var isRest = start > 0 && NumberGroup.Separates(text, start - 1) != '\0';
        var number = NumberGroup.Read(text, start, room);
        if (LetterNumberRules.Match(text, start, end) is { } word)
        {
            found.Add(word, start, end - start);
        }
        else if (!isRest && number.Digits.Length >= 9 && Borders.IsAfter(text, number.End) && NumberRules.Match(text, number) is { } rule)
        {
            found.Add(rule, start, number.End - start);
            return number.End;
        }
        else if (start > 0 && text[start - 1] == ')' && start >= 5 && Contacts.ParenthesisedPhone(text, start - 5) > 0)
        {
            found.Add(Contacts.Phone, start - 5, Contacts.ParenthesisedPhone(text, start - 5));
        }
        else if (start > 0 && text[start - 1] == '(' && Contacts.ParenthesisedPhone(text, start - 1) is > 0 and var length)
        {
            found.Add(Contacts.Phone, start - 1, length);
            return start - 1 + length;
        }
        else if (!isRest && number.Digits.Length is >= 9 and <= 15 && Borders.IsAfter(text, number.End) && Contacts.TryPhone(text, number, out var from))
        {
            found.Add(Contacts.Phone, from, number.End - from);
            return number.End;
        }
        else if ((isRest || number.Groups > 0) && Part(text, start, room, found) is > 0 and var part)
        {
            return part;
        }

        return end;
    }

    /// <summary>Other numbers may stand beside one, a separator away: where the whole means nothing, its first groups may.</summary>
    /// <returns>Where they end; 0 when they mean nothing either.</returns>
    private static int Part(ReadOnlySpan<char> text, int start, Span<byte> room, DlpFindings found)
    {
        DlpRule? rule = null;
        var end = 0;
        for (var groups = 1; groups <= NumberRules.MostGroups && NumberGroup.TryReadPart(text, start, groups, room, out var part); groups++)
        {
            if (Borders.IsAfter(text, part.End) && NumberRules.MatchPart(text, part) is { } met)
            {
                (rule, end) = (met, part.End);
            }
        }

        if (rule is not null)
        {
            found.Add(rule, start, end - start);
        }

        return end;
    }

    private static readonly SearchValues<char> LettersAndDigits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
}
