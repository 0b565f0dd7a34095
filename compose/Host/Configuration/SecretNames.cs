using System.Text.RegularExpressions;

namespace McpLedger.Host.Configuration;

/// <summary>Tells whether a name or a value looks like a secret, so that it is moved out of the file or at least pointed at.</summary>
internal static partial class SecretNames
{
    private const int ShortestSecret = 6;

    public static bool Suggests(string name, string value) =>
        value.Length >= ShortestSecret && !value.Contains("${", StringComparison.Ordinal) && !Plain().IsMatch(value) && (Name().IsMatch(name) || Value().IsMatch(value));

    /// <summary>Whether a value standing alone (an argument) has the form of a known kind of token.</summary>
    public static bool HasTokenForm(string value) => Value().IsMatch(value);

    [GeneratedRegex("(token|secret|passw|credential|authorization|cookie|api[-_]?key|access[-_]?key|private[-_]?key|(^|[-_])(key|pat|auth|pwd)$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Name();

    [GeneratedRegex(@"(^|\s|=)(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|sk-[A-Za-z0-9_-]{16,}|xox[abpr]-[\w-]{10,}|AKIA[0-9A-Z]{16}|glpat-[\w-]{16,}|mcpl_[0-9a-f]{12}_[0-9a-f]{64}|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)|^(Bearer|Basic)\s+\S+", RegexOptions.CultureInvariant)]
    private static partial Regex Value();

    [GeneratedRegex("^(true|false|[0-9]{1,9}|https?://[^@?]*)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Plain();
}
