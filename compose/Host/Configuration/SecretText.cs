using System.Text;
using System.Text.RegularExpressions;

namespace McpLedger.Host.Configuration;

/// <summary>
/// A text that may hold <c>${file:path}</c> and <c>${env:NAME}</c>. What it stands for is looked up late, handed to whom it is for,
/// and never printed: <see cref="ToString"/> gives the references.
/// </summary>
internal sealed partial record SecretText(string Template)
{
    private const int LongestSecret = 64 * 1024;

    /// <summary>Whether anything in it has to be looked up.</summary>
    public bool HasReference => Reference().IsMatch(Template);

    /// <summary>The files it refers to, as they are written.</summary>
    public IEnumerable<string> Files => Reference().Matches(Template).Where(m => m.Groups["kind"].Value == "file").Select(m => m.Groups["name"].Value);

    public override string ToString() => Template;

    /// <summary>Looks every reference up.</summary>
    /// <param name="folder">The folder that relative paths start from: the configuration's.</param>
    /// <param name="missing">What could not be looked up and what to do about it, one line a reference.</param>
    /// <returns>The text; null when something is missing.</returns>
    public string? Resolve(string folder, out IReadOnlyList<(string Problem, string Fix)> missing) => Resolve(folder, static (_, _, value) => value, out missing);

    /// <summary>Looks every reference up in a text of <c>Key=value;…</c>, in which a value that is looked up stays one value whatever signs it holds.</summary>
    public string? ResolveConnection(string folder, out IReadOnlyList<(string Problem, string Fix)> missing) => Resolve(folder, AsOneValue, out missing);

    private string? Resolve(string folder, Func<string, string, string, string> place, out IReadOnlyList<(string Problem, string Fix)> missing)
    {
        var faults = new List<(string, string)>();
        var text = new StringBuilder();
        var at = 0;
        foreach (Match match in Reference().Matches(Template))
        {
            text.Append(Template, at, match.Index - at);
            at = match.Index + match.Length;
            text.Append(LookUp(match, folder, faults) is { } value ? place(Template[..match.Index].TrimEnd(), Template[at..].TrimStart(), value) : null);
        }

        text.Append(Template, at, Template.Length - at);
        if (Unknown().Match(Template) is { Success: true } unknown)
        {
            faults.Add(($"{unknown.Value} is no reference.", "write ${file:path} or ${env:NAME}"));
        }

        missing = faults;
        return faults.Count == 0 ? text.ToString() : null;
    }

    // A whole value is put in quotes; what stands in quotes already only doubles those; a part of something else is left as it is.
    private static string AsOneValue(string before, string after, string value) =>
        before.EndsWith('=') && (after.Length == 0 || after[0] == ';') ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\""
        : before.Length > 0 && after.Length > 0 && before[^1] == after[0] && before[^1] is '"' or '\'' ? value.Replace($"{before[^1]}", $"{before[^1]}{before[^1]}", StringComparison.Ordinal)
        : value;

    private static string? LookUp(Match match, string folder, List<(string, string)> faults)
    {
        var name = match.Groups["name"].Value;
        if (match.Groups["kind"].Value == "env")
        {
            var value = Environment.GetEnvironmentVariable(name);
            if (string.IsNullOrEmpty(value))
            {
                faults.Add(($"the environment variable {name} is not set.", $"set it where mcpledger is started: export {name}=…, or use ${{file:…}}"));
            }

            return value;
        }

        var path = Path.GetFullPath(name, folder);
        try
        {
            if (new FileInfo(path).Length > LongestSecret)
            {
                faults.Add(($"the file {path} is longer than a secret can be (64 KiB).", "point at a file that holds only the secret"));
                return null;
            }

            var secret = File.ReadAllText(path).TrimEnd('\r', '\n');
            if (secret.Length == 0)
            {
                faults.Add(($"the file {path} is empty.", "write the secret into it; where it is replaced while mcpledger runs, write it beside and rename it"));
                return null;
            }

            return secret;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            faults.Add(($"the file {path} cannot be read ({e.GetType().Name}).", $"create it with mode 0600: install -m 600 /dev/stdin {path}"));
            return null;
        }
    }

    [GeneratedRegex(@"\$\{(?<kind>file|env):(?<name>[^${}]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();

    [GeneratedRegex(@"\$\{(?!(file|env):[^${}]+\})[^}]*\}?", RegexOptions.CultureInvariant)]
    private static partial Regex Unknown();
}
