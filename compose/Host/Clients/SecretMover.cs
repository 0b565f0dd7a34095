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
    private const string Opening = "${";
    private readonly List<MovedSecret> _moved = [];
    private readonly List<string> _notes = [];

    public IReadOnlyList<MovedSecret> Moved => _moved;

    /// <summary>What does not mean here what it means to the client.</summary>
    public IReadOnlyList<string> Notes => _notes;

    /// <param name="key">Name of the variable, header or option that the value belongs to.</param>
    /// <param name="value">What the client's configuration says.</param>
    public SecretText Move(string key, string value)
    {
        if (Translate(key, value) is { } translated)
        {
            return translated;
        }

        if (!SecretNames.Suggests(key, value))
        {
            return new(value);
        }

        var scheme = Scheme().Match(value);
        return scheme.Success
            ? new($"{scheme.Groups[1].Value} {Reference(key, scheme.Groups[2].Value)}")
            : new(Reference(key, value));
    }

    /// <summary>A text in which nothing is looked up here: it stays as it is.</summary>
    public string? Keep(string key, string? value)
    {
        if (value?.Contains(Opening, StringComparison.Ordinal) == true)
        {
            _notes.Add($"{key} of '{server}' holds a reference, and nothing is looked up there. Fix: write what it stands for");
        }

        return value;
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
    public SecretText MoveUrl(string url) => Translate("url", url) ?? new(UrlSecret().IsMatch(url) ? Reference("url", url) : url);

    // Two readers of one text must not mean different things: what is not certainly a variable or a question of the client's is no reference of ours, whatever it looks like.
    private SecretText? Translate(string key, string value)
    {
        if (!value.Contains(Opening, StringComparison.Ordinal))
        {
            return null;
        }

        if (Known().Replace(value, "").Contains(Opening, StringComparison.Ordinal))
        {
            var file = FileOf(key, value);
            _notes.Add($"'{key}' of '{server}' holds a reference that only the client knows; it moved whole to {file}, where nothing is looked up. Fix: write into that file what it stands for");
            return new($"${{file:{file}}}");
        }

        return new(Known().Replace(value, match =>
        {
            if (match.Groups["input"] is { Success: true } input)
            {
                return Reference(input.Value, null);
            }

            var name = match.Groups["name"].Value;
            if (match.Groups["default"].Success)
            {
                _notes.Add($"'{key}' of '{server}': the default of {name} was left out. Fix: set {name} where mcpledger is started");
            }

            return $"${{env:{name}}}";
        }));
    }

    private string Reference(string key, string? value) => $"${{file:{FileOf(key, value)}}}";

    private string FileOf(string key, string? value)
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

        return file;
    }

    // Names run together: ENTERPRISE_TOKEN of github and TOKEN of github-enterprise make one file. What is in it tells.
    private bool IsAnothers(string file, string? value) => taken.Any(m => m.File == file && (value is null || m.Value != value))
        || _moved.Any(m => m.File == file && m.Value != value)
        || (value is not null && present(file) is { } there && there != value);

    // ${NAME} and ${NAME:-default} of shells, ${env:NAME} and ${input:ID} of editors. Names that editors give a meaning of their own (VS Code, "Variables reference") are nobody's environment.
    [GeneratedRegex(@"\$\{(?:(?!(?:workspaceFolder|workspaceRoot|userHome|pathSeparator|cwd|execPath|lineNumber|columnNumber|selectedText|defaultBuildTask|relativeFile|file)[A-Za-z]*\})(?<name>[A-Za-z_][A-Za-z0-9_]*)(?<default>:-[^${}]*)?|env:(?<name>[A-Za-z_][A-Za-z0-9_]*)|input:(?<input>[^${}]+))\}", RegexOptions.CultureInvariant)]
    private static partial Regex Known();

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
