using System.Collections.Immutable;
using System.Text.Json;
using System.Text.RegularExpressions;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Clients;

/// <summary>What an import would do: the new file, the secrets beside it, and what to tell the operator.</summary>
/// <param name="File">The configuration with the imported servers in it.</param>
/// <param name="Secrets">Secrets to write, mode 0600.</param>
/// <param name="Imported">Names of the servers that are new or replaced.</param>
/// <param name="Notes">What was left out or renamed, and why.</param>
internal sealed record ImportPlan(ConfigFile File, IReadOnlyList<MovedSecret> Secrets, IReadOnlyList<string> Imported, IReadOnlyList<string> Notes)
{
    public string Text => ConfigWriter.Write(File, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["principals"] = "Programs on this machine that bring no key are the principal 'anonymous'. Set to off once your clients have keys (mcpledger keys create).",
        ["rules"] = "The rule 'imported' was written by 'mcpledger import': it allows everything on the servers that were imported to 'anonymous'.\n"
            + "Narrow it down here; what no rule allows is refused.",
    });

    /// <summary>Whether a file has comments that this one, written in its place, would not have.</summary>
    public bool LosesComments(string before)
    {
        var after = Text;
        return Imported.Count > 0 && before.Split('\n').Select(l => l.Trim()).Any(l => (l.StartsWith('#') || l.Contains(" #", StringComparison.Ordinal)) && !after.Contains(l, StringComparison.Ordinal));
    }
}

/// <summary>Turns a client's <c>mcpServers</c> into a configuration. Pure: writing is <see cref="ImportWriter"/>'s.</summary>
internal static partial class Import
{
    public const string RuleId = "imported";
    private const int LongestName = 63;
    private const string Loopback = "loopback";

    /// <param name="existing">What is configured already.</param>
    /// <param name="servers">What the client's configuration says.</param>
    /// <param name="replace">Whether an imported server takes the place of one of its name.</param>
    /// <param name="present">What a secret's file holds that is there already, by its path relative to the configuration; null for none.</param>
    public static ImportPlan Plan(ConfigFile existing, IReadOnlyList<ClientServer> servers, bool replace, Func<string, string?> present)
    {
        var sections = existing.Servers.ToBuilder();
        var (secrets, imported, notes) = (new List<MovedSecret>(), new List<string>(), new List<string>());
        foreach (var server in servers)
        {
            var name = NameOf(server.Name, imported);
            var mover = new SecretMover(name, secrets, present);
            if (Section(server.Entry, mover, out var fault) is not { } section)
            {
                notes.Add($"'{server.Name}' was left out: {fault}");
                continue;
            }

            if (sections.TryGetValue(name, out var there) && !replace)
            {
                notes.Add(Same(there, section) ? $"'{name}' is there already" : $"'{name}' was left out: another server has that name (use --replace to take the new one)");
                continue;
            }

            if (name != server.Name)
            {
                notes.Add($"'{server.Name}' is called '{name}' here: the name becomes part of a URL");
            }

            notes.AddRange(mover.Notes);
            notes.AddRange(mover.Moved.Where(m => m.Value is null).Select(m => $"{m.File} has to be filled in by you: the client asks a person for it"));
            notes.AddRange(LeftOut(server.Entry, section).Select(header => $"the header {header} of '{name}' was left out: it belongs to each message, and the gateway writes it"));
            secrets.AddRange(mover.Moved.Where(m => !secrets.Contains(m)));
            imported.Add(name);
            sections[name] = section;
        }

        // Who may call without a key is decided when the file is made, and after that by whoever edits it: one more server must not open the others.
        var principals = existing.Servers.Count == 0 && existing.Rules.IsDefaultOrEmpty && imported.Count > 0 ? new() { Anonymous = Loopback } : existing.Principals;
        if (imported.Count > 0 && principals.Anonymous != Loopback)
        {
            notes.Add("callers need a key: principals.anonymous stays as it is. Fix: mcpledger keys create, and allow that principal the new servers in rules");
        }

        var file = existing with { Servers = sections.ToImmutable(), Rules = WithRule(existing.Rules, imported), Principals = principals };
        return new(file, secrets, imported, notes);
    }

    private static bool Same(ServerSection one, ServerSection other) =>
        ConfigWriter.Write(new() { Servers = ImmutableDictionary<string, ServerSection>.Empty.Add("s", one) }, ImmutableDictionary<string, string>.Empty)
        == ConfigWriter.Write(new() { Servers = ImmutableDictionary<string, ServerSection>.Empty.Add("s", other) }, ImmutableDictionary<string, string>.Empty);

    private static ImmutableArray<RuleSection> WithRule(ImmutableArray<RuleSection> rules, List<string> imported)
    {
        if (imported.Count == 0)
        {
            return rules;
        }

        var mine = rules.FirstOrDefault(r => r.Id == RuleId && r.Allow is not null);
        return mine is null
            ? rules.Add(new() { Id = RuleId, Allow = new() { Principals = ["anonymous"], Servers = [.. imported.Order(StringComparer.Ordinal)] } })
            : rules.Replace(mine, mine with { Allow = mine.Allow! with { Servers = [.. mine.Allow.Servers.Union(imported).Order(StringComparer.Ordinal)] } });
    }

    private static ServerSection? Section(JsonElement entry, SecretMover mover, out string? fault)
    {
        fault = entry.ValueKind != JsonValueKind.Object ? "its entry is no object"
            : McpServersJson.Member(entry, "disabled") is { ValueKind: JsonValueKind.True } ? "it is disabled in the client"
            : null;
        if (fault is not null)
        {
            return null;
        }

        var url = McpServersJson.Text(entry, "url") ?? McpServersJson.Text(entry, "serverUrl") ?? McpServersJson.Text(entry, "httpUrl");
        var section = McpServersJson.Text(entry, "command") is { } command ? Stdio(entry, command, mover) : url is not null ? Http(entry, url, mover) : null;
        fault = section is null ? "it has neither a command nor a url" : null;
        return section;
    }

    private static ServerSection Stdio(JsonElement entry, string command, SecretMover mover) => new()
    {
        Command = mover.Keep("command", command),
        Args = [.. mover.MoveArguments([.. Items(entry, "args").Select(a => McpServersJson.Text(a) ?? a.GetRawText())])],
        Env = Named(entry, "env", mover, _ => true),
        Cwd = mover.Keep("cwd", McpServersJson.Text(entry, "cwd")),
    };

    private static ServerSection Http(JsonElement entry, string url, SecretMover mover)
    {
        var type = McpServersJson.Text(entry, "type") ?? McpServersJson.Text(entry, "transport") ?? McpServersJson.Text(entry, "transportType") ?? "http";
        return new()
        {
            Url = mover.MoveUrl(url),
            Transport = type.Contains("sse", StringComparison.OrdinalIgnoreCase) ? "sse" : "http",
            Headers = Named(entry, "headers", mover, name => !ServerHeaders.BelongsToMessage(name)),
        };
    }

    // Clients' configurations often hold Content-Type, which no request of the gateway needs told.
    private static IEnumerable<string> LeftOut(JsonElement entry, ServerSection section) =>
        section.Url is not null && McpServersJson.Member(entry, "headers") is { ValueKind: JsonValueKind.Object } headers
            ? headers.EnumerateObject().Select(header => header.Name).Where(ServerHeaders.BelongsToMessage)
            : [];

    private static ImmutableDictionary<string, SecretText> Named(JsonElement entry, string member, SecretMover mover, Func<string, bool> isTaken) =>
        McpServersJson.Member(entry, member) is { ValueKind: JsonValueKind.Object } named
            ? named.EnumerateObject().Where(p => isTaken(p.Name)).ToImmutableDictionary(p => p.Name, p => mover.Move(p.Name, McpServersJson.Text(p.Value) ?? ""), StringComparer.Ordinal)
            : ImmutableDictionary<string, SecretText>.Empty;

    private static JsonElement[] Items(JsonElement entry, string member) =>
        McpServersJson.Member(entry, member) is { ValueKind: JsonValueKind.Array } items ? [.. items.EnumerateArray()] : [];

    private static string NameOf(string written, List<string> taken)
    {
        var name = NotInNames().Replace(written.ToLowerInvariant(), "-").Trim('-', '_');
        name = name.Length == 0 ? "server" : name[..Math.Min(name.Length, LongestName - 3)];
        var unique = name;
        for (var i = 2; taken.Contains(unique, StringComparer.Ordinal); i++)
        {
            unique = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{name}-{i}");
        }

        return unique;
    }

    [GeneratedRegex("[^a-z0-9_-]+", RegexOptions.CultureInvariant)]
    private static partial Regex NotInNames();
}
