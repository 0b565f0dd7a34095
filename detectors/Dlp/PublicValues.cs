using System.Buffers;

namespace McpLedger.Detectors.Dlp;

/// <summary>Values that open no door whatever they are called: dates, mail addresses, and addresses that carry neither a password nor a signature.</summary>
internal static class PublicValues
{
    private const int DateDigits = 8;
    private static readonly SearchValues<char> DateSigns = SearchValues.Create("0123456789-:.,+TZtz ");
    private static readonly SearchValues<char> MailSigns = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+-");

    // Names of parameters that open what the address leads to.
    private static readonly SearchValues<string> Opening = SearchValues.Create(
        ["token", "key", "secret", "sig", "auth", "pass", "pwd", "credential", "code", "session", "jwt"], StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether it is a date or a time as ISO 8601 writes them.</summary>
    public static bool IsDate(ReadOnlySpan<char> value)
    {
        if (value.ContainsAnyExcept(DateSigns))
        {
            return false;
        }

        // 2024-05-01…, or 20240501T….
        var isParted = value.Length > DateDigits && value[4] == '-' && value[7] == '-' && AreDigits(value[..4]) && AreDigits(value[5..7]) && AreDigits(value[8..Math.Min(value.Length, 10)]);
        return isParted || (value.Length > DateDigits && value[DateDigits] is 'T' or 't' && AreDigits(value[..DateDigits]));
    }

    /// <summary>Whether it is an address with a scheme that whoever knows it may know.</summary>
    public static bool IsAddress(ReadOnlySpan<char> value)
    {
        var scheme = value.IndexOf("://");
        if (scheme <= 0 || !char.IsAsciiLetter(value[0]) || value[..scheme].ContainsAnyExcept(MailSigns))
        {
            return false;
        }

        var rest = value[(scheme + 3)..];
        var end = rest.IndexOfAny("/?#");
        var host = end < 0 ? rest : rest[..end];
        var query = rest.IndexOfAny("?#");
        return !host.Contains('@') && !(query >= 0 && rest[query..].ContainsAny(Opening));
    }

    /// <summary>Whether it is somebody's mail address.</summary>
    public static bool IsMail(ReadOnlySpan<char> value)
    {
        var at = value.IndexOf('@');
        if (at <= 0 || value[..at].ContainsAnyExcept(MailSigns))
        {
            return false;
        }

        var domain = value[(at + 1)..];
        var dot = domain.LastIndexOf('.');
        return dot > 0 && !domain.ContainsAnyExcept(MailSigns) && domain.Length - dot > 2 && !domain[(dot + 1)..].ContainsAnyExceptInRange('A', 'z');
    }

    private static bool AreDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');
}
