using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>Secrets that are known by their surroundings: key files, addresses with a password, connection strings, keys with a mark inside.</summary>
internal static class SecretShapes
{
    public static readonly DlpRule PrivateKey = new("private-key", DataClass.Secret, DlpEvidence.Validated);
    public static readonly DlpRule UrlPassword = new("url-password", DataClass.Secret, DlpEvidence.Structure);
    public static readonly DlpRule ConnectionString = new("connection-string-secret", DataClass.Secret, DlpEvidence.Structure);
    public static readonly DlpRule AzureKey = new("azure-key", DataClass.Secret, DlpEvidence.Structure);
    public static readonly DlpRule AwsSecretKey = new("aws-secret-key", DataClass.Secret, DlpEvidence.Structure);
    public static readonly DlpRule TelegramToken = new("telegram-token", DataClass.Secret, DlpEvidence.Structure);

    // The longest keys in use (RSA of 16,384 bits) are a little shorter.
    public const int LongestKey = 16 * 1024;
    private const int LongestPart = 256;

    // Headers of a key, and a few lines of it.
    private const int LongestHead = 2048;
    private const int AwsDistance = 400;

    private static readonly SearchValues<char> Base64Chars = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
    private static readonly SearchValues<char> Base64Body = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/= \r\n\t\\nr");
    private static readonly SearchValues<char> PairEnd = SearchValues.Create(";\"'\r\n<>");
    private static readonly SearchValues<char> UrlEnd = SearchValues.Create(" \t\r\n\"'<>`()[]{}|\\^");

    /// <summary>At <c>-----BEGIN </c>.</summary>
    public static void Pem(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        var window = text.Slice(at, Math.Min(LongestKey, text.Length - at));
        var label = window[11..Math.Min(window.Length, 80)].IndexOf("-----");
        if (label < 0 || !window.Slice(11, label).EndsWith("PRIVATE KEY") && !window.Slice(11, label).EndsWith("PRIVATE KEY BLOCK"))
        {
            return;
        }

        var start = 11 + label + 5;
        var end = window[start..].IndexOf("-----END");
        var body = window[start..(end < 0 ? window.Length : start + end)];
        if (end < 0)
        {
            body = body[..(body.IndexOfAnyExcept(Base64Body) is >= 0 and var stop ? stop : body.Length)];
        }

        if (IsKey(body))
        {
            var close = end < 0 ? -1 : window[(start + end + 8)..].IndexOf("-----");
            found.Add(PrivateKey, at, close < 0 ? start + body.Length : start + end + 8 + close + 5);
        }
    }

    /// <summary>At <c>://</c>.</summary>
    public static void Url(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        var rest = text[(at + 3)..];
        rest = rest[..Math.Min(rest.Length, LongestPart)];
        rest = rest[..(rest.IndexOfAny(UrlEnd) is >= 0 and var stop ? stop : rest.Length)];
        var slash = rest.IndexOfAny('/', '?', '#');
        var host = rest[..(slash < 0 ? rest.Length : slash)].LastIndexOf('@');
        var colon = host < 0 ? -1 : rest[..host].IndexOf(':');
        if (colon < 0 || host - colon - 1 < 3 || rest.Length - host < 3)
        {
            return;
        }

        var password = rest[(colon + 1)..host];
        if (!Placeholders.IsOne(password) && !password.Equals("password", StringComparison.OrdinalIgnoreCase) && !password.Equals("pass", StringComparison.OrdinalIgnoreCase) && !IsVariable(password))
        {
            found.Add(UrlPassword, at + 3 + colon + 1, password.Length);
        }
    }

    /// <summary>At the equals sign after a key of a connection string; <paramref name="at"/> is the value's first character.</summary>
    public static void ConnectionValue(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        var rest = text[at..Math.Min(text.Length, at + LongestKey)];
        var quoted = rest.Length > 1 && rest[0] is '\'' or '"';
        rest = quoted ? rest[1..] : rest;
        var end = quoted ? rest.IndexOf(text[at]) : rest.IndexOfAny(PairEnd);
        var value = rest[..(end < 0 ? rest.Length : end)].TrimEnd();
        var line = text[Math.Max(0, at - LongestPart)..at];
        line = line[(line.LastIndexOf('\n') + 1)..];

        // Other pairs stand beside it: alone it is an assignment, and judged as one.
        var pairs = line.Count(';') + (end >= 0 && rest[end] == ';' ? 1 : 0);
        if (pairs > 0 && value.Length >= 4 && !value.Contains(' ') && !Placeholders.IsOne(value) && !IsVariable(value))
        {
            found.Add(ConnectionString, at + (quoted ? 1 : 0), value.Length);
        }
    }

    /// <summary>At one of the marks that Azure puts inside its keys (common annotated security keys).</summary>
    public static void Azure(ReadOnlySpan<char> text, int at, ReadOnlySpan<char> mark, DlpFindings found)
    {
        var (before, after) = mark switch
        {
            "JQQJ99" => (52, 26),
            "+ASt" or "+ABa" or "+AMC" => (76, 8),
            "ACDb" or "APIM" => (76, 8),
            "+ASb" or "+AEh" or "+ARm" or "AIoT" => (33, 7),
            "AzSe" => (42, 6),
            "AzCa" => (33, 7),
            _ => (44, 8),
        };
        var start = at - before;
        var end = at + mark.Length + after;
        if (start < 0 || end > text.Length || (start > 0 && IsKeyChar(text[start - 1]) && !Borders.IsEscapeBefore(text, start)) || (end < text.Length && IsKeyChar(text[end])))
        {
            return;
        }

        var key = text[start..end];
        if (!key.TrimEnd('=').ContainsAnyExcept(Base64Chars) && Checksums.Entropy(key) > 4 && !Placeholders.IsOne(key))
        {
            found.Add(AzureKey, start, key.Length);
        }
    }

    /// <summary>Looks for the secret half near an access key id: forty characters of Base64 that are no digest and no path.</summary>
    public static void AwsSecret(ReadOnlySpan<char> text, int around, DlpFindings found)
    {
        var from = Math.Max(0, around - AwsDistance);
        var to = Math.Min(text.Length, around + AwsDistance);
        for (var at = from; at < to;)
        {
            var skip = text[at..to].IndexOfAny(Base64Chars);
            if (skip < 0)
            {
                return;
            }

            at += skip;
            var run = text[at..to].IndexOfAnyExcept(Base64Chars) is >= 0 and var end ? end : to - at;
            var escape = at > 0 ? Borders.EscapeLength(text[(at - 1)..to]) - 1 : 0;
            (at, run) = escape > 0 && escape <= run ? (at + escape, run - escape) : (at, run);
            (at, run) = run > 0 && text[at] == '=' ? (at + 1, run - 1) : (at, run);
            var value = text.Slice(at, run);
            if (run == 40 && (at == 0 || !IsKeyChar(text[at - 1]) || Borders.IsEscapeBefore(text, at)) && Checksums.Entropy(value) >= 4.2 && value.ContainsAnyInRange('G', 'Z') && value.ContainsAnyInRange('g', 'z') && !Placeholders.IsOne(value))
            {
                found.Add(AwsSecretKey, at, run);
            }

            at += Math.Max(run, 1);
        }
    }

    /// <summary>At <c>:AA</c>: a bot's number before it, 33 characters after the colon.</summary>
    public static void Telegram(ReadOnlySpan<char> text, int at, DlpFindings found)
    {
        var start = at;
        while (start > 0 && at - start <= 10 && char.IsAsciiDigit(text[start - 1]))
        {
            start--;
        }

        var end = at + 1;
        while (end < text.Length && end - at <= 40 && (IsKeyChar(text[end]) || text[end] is '-' or '_') && text[end] is not ('+' or '/'))
        {
            end++;
        }

        if (at - start is >= 8 and <= 10 && end - at - 1 == 35 && Borders.IsBefore(text, start))
        {
            found.Add(TelegramToken, start, end - start);
        }
    }

    /// <summary>True for what names a variable and not a value.</summary>
    public static bool IsVariable(ReadOnlySpan<char> value) => value[0] is '$' or '{' or '<' || (value[0] == '%' && value[^1] == '%') || value.StartsWith("process.env") || value.StartsWith("os.environ");

    private static bool IsKeyChar(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '/';

    /// <summary>True when the body decodes to DER (a sequence) or to OpenSSH's own form, or is encrypted in the old way that has headers.</summary>
    private static bool IsKey(ReadOnlySpan<char> body)
    {
        Span<char> digits = stackalloc char[48];
        Span<byte> bytes = stackalloc byte[36];
        var count = 0;
        for (var i = 0; i < body.Length && count < digits.Length; i++)
        {
            // Line ends may stand there escaped.
            if (body[i] == '\\' && i + 1 < body.Length && body[i + 1] is 'n' or 'r')
            {
                i++;
            }
            else if (!char.IsWhiteSpace(body[i]))
            {
                digits[count++] = body[i];
            }
        }

        return body.Contains("Proc-Type:", StringComparison.Ordinal) || body.Contains("Version:", StringComparison.Ordinal) || (count == digits.Length && IsKeyStart(digits, bytes)) || IsKeyInLines(body);
    }

    // In a diff, a quotation or the source of a program something stands around the digits of every line.
    private static bool IsKeyInLines(ReadOnlySpan<char> body)
    {
        Span<byte> bytes = stackalloc byte[36];
        body = body[..Math.Min(body.Length, LongestHead)];
        for (var at = 0; body[at..].IndexOfAny(Base64Chars) is >= 0 and var skip;)
        {
            at += skip;
            var run = body[at..].IndexOfAnyExcept(Base64Chars) is >= 0 and var end ? end : body.Length - at;
            var escape = at > 0 ? Borders.EscapeLength(body[(at - 1)..]) - 1 : 0;
            var line = body.Slice(at, run)[Math.Clamp(escape, 0, run)..];

            // Signs that are digits too, where they mark the line.
            for (var marks = 0; line.Length >= 48; line = line[1..])
            {
                if (IsKeyStart(line[..48], bytes))
                {
                    return true;
                }

                if (line[0] is not ('+' or '/') || ++marks > 3)
                {
                    return false;
                }
            }

            at += run;
        }

        return false;
    }

    private static bool IsKeyStart(ReadOnlySpan<char> digits, Span<byte> bytes) =>
        Convert.TryFromBase64Chars(digits, bytes, out _) && (bytes[0] == 0x30 || bytes.StartsWith("openssh-key-v1"u8) || bytes[0] is 0x94 or 0x95 or 0xC5);
}
