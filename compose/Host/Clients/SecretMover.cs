using System.Text.RegularExpressions;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Clients;

/// <summary>A secret that moves out of a configuration into a file of its own.</summary>
/// <param name="File">Path relative to the configuration.</param>
/// <param name="Value">What goes into it; null when only the operator knows.</param>
internal sealed record MovedSecret(string File, string? Value)
{
    /// <summary>Secrets are never printed.</summary>
    public override string ToString() => File;
}

/// <summary>Takes literal secrets out of values and leaves references; turns clients' own references into ours.</summary>
/// <param name="server">Name of the server that they belong to.</param>
/// <param name="taken">Files that other servers of the same import have.</param>
/// <param name="present">What a file holds that is there already; null for none.</param>
internal sealed partial class SecretMover(string server, IReadOnlyCollection<MovedSecret> taken, Func<string, string?> present)
{
    private readonly List<MovedSecret> _moved = [];

    public IReadOnlyList<MovedSecret> Moved => _moved;

    /// <param name="key">Name of the variable, header or option that the value belongs to.</param>
    /// <param name="value">What the client's configuration says.</param>
    public SecretText Move(string key, string value)
    {
        var translated = Input().Replace(Shell().Replace(value, "${env:$1}"), m => Reference(m.Groups[1].Value, null));
        if (translated.Contains("${", StringComparison.Ordinal) || !SecretNames.Suggests(key, translated))
        {
            return new(translated);
        }

        var scheme = Scheme().Match(translated);
        return scheme.Success
            ? new($"{scheme.Groups[1].Value} {Reference(key, scheme.Groups[2].Value)}")
            : new(Reference(key, translated));
    }

    /// <summary>Arguments have no names of their own: an option before them or the form of a token tells.</summary>
    public IEnumerable<SecretText> MoveArguments(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var joined = Option().Match(arguments[i]);
            yield return joined.Success
                ? new(joined.Groups[1].Value + "=" + Move(joined.Groups[1].Value.TrimStart('-'), joined.Groups[2].Value).Template)
                : Move(i > 0 && OptionName().IsMatch(arguments[i - 1]) ? arguments[i - 1].TrimStart('-') : "argument", arguments[i]);
        }
    }

    /// <summary>A URL with credentials in it is a secret as a whole.</summary>
    public SecretText MoveUrl(string url)
    {
        var translated = Shell().Replace(url, "${env:$1}");
        return UrlSecret().IsMatch(translated) && !translated.Contains("${", StringComparison.Ordinal) ? new(Reference("url", translated)) : new(translated);
    }

    private string Reference(string key, string? value)
    {
        var file = $"secrets/{server}-{Unsafe().Replace(key, "-").Trim('-').ToLowerInvariant()}";
        while (IsAnothers(file, value))
        {
            file += "-2";
        }

        if (!_moved.Any(m => m.File == file))
        {
            _moved.Add(new(file, value));
        }

        return $"${{file:{file}}}";
    }

    // Names run together: ENTERPRISE_TOKEN of github and TOKEN of github-enterprise make one file. What is in it tells.
    private bool IsAnothers(string file, string? value) => taken.Any(m => m.File == file && (value is null || m.Value != value))
        || (value is not null && (_moved.Any(m => m.File == file && m.Value != value) || (present(file) is { } there && there != value)));

    [GeneratedRegex(@"\$\{([A-Za-z_][A-Za-z0-9_]*)(:-[^}]*)?\}", RegexOptions.CultureInvariant)]
    private static partial Regex Shell();

    [GeneratedRegex(@"\$\{input:([^}]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Input();

    [GeneratedRegex(@"^(Bearer|Basic|Token)\s+(\S+)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Scheme();

    [GeneratedRegex("^(--?[A-Za-z][A-Za-z0-9_-]*)=(.+)$", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Option();

    [GeneratedRegex("^--?[A-Za-z][A-Za-z0-9_-]*$", RegexOptions.CultureInvariant)]
    private static partial Regex OptionName();

    [GeneratedRegex(@"^https?://[^/@\s]+@|[?&][^=&]*(key|token|secret|auth|sig)[^=&]*=[^&]{6,}", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex UrlSecret();

    [GeneratedRegex("[^A-Za-z0-9]+", RegexOptions.CultureInvariant)]
    private static partial Regex Unsafe();
}
