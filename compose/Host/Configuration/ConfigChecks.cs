using System.Globalization;
using System.Text.RegularExpressions;
using McpLedger.Host.Running;

namespace McpLedger.Host.Configuration;

/// <summary>What no single key can say: names, combinations, and references between sections.</summary>
internal sealed partial class ConfigChecks(ConfigBinder places, string folder)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    // Timers hold no more than 49 days.
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);
    private readonly List<ConfigFault> _faults = [];

    public IReadOnlyList<ConfigFault> Faults => _faults;

    /// <summary>Checks a file for roles: what only others need is not looked for on this machine.</summary>
    public void Check(ConfigFile file, HostRoles roles)
    {
        foreach (var (name, server) in file.Servers)
        {
            CheckServer($"servers.{name}", name, server);
        }

        CheckRules(file);
        CheckListen(file.Listen, looksAtFiles: roles != HostRoles.None);
        CheckSpan("limits.bodyTimeout", file.Limits.BodyTimeout, Second, Day);
        new ScaleChecks(this, folder, roles).Check(file);
        CheckBridge(file);
        DetectionMapping.Check(file.Detection, this);
        if (file.Ledger is { Quota: { } quota, Retention.Bytes: { } kept } && kept.Bytes > quota.Bytes)
        {
            Fault("ledger.retention.bytes", $"{kept} is more than the quota of {quota}: the disk quota would refuse calls before anything is dropped.", "keep less than ledger.quota");
        }
    }

    private void CheckBridge(ConfigFile file)
    {
        if (file.Bridge.Message.Bytes is < 1024 or > 1L << 30)
        {
            Fault("bridge.message", $"{file.Bridge.Message} is out of range.", "write a size from 1KiB to 1GiB");
        }

        CheckSpan("bridge.probe", file.Bridge.Probe, Second, Day);
        CheckSpan("bridge.keepAlive", file.Bridge.KeepAlive, Second, Day);
        CheckSpan("ledger.retention.interval", file.Ledger.Retention.Interval, Second, Day);
        CheckSpan("ledger.staleAfter", file.Ledger.StaleAfter, TimeSpan.FromMinutes(1), Month);
    }

    private void CheckWaits(string at, ServerSection server)
    {
        CheckSpan($"{at}.responseTimeout", server.ResponseTimeout, Second, Month);
        CheckSpan($"{at}.sessionIdle", server.SessionIdle, Second, Month);
        CheckSpan($"{at}.shutdownGrace", server.ShutdownGrace, TimeSpan.Zero, Day);
        CheckSpan($"{at}.health.interval", server.Health.Interval, Second, Day);
        CheckSpan($"{at}.health.reactivation", server.Health.Reactivation, Second, Day);
        if (server.IdleTimeout != TimeSpan.Zero)
        {
            CheckSpan($"{at}.idleTimeout", server.IdleTimeout, Second, Month, ", or 0s for no bound");
        }
    }

    private void CheckSpan(string path, TimeSpan span, TimeSpan least, TimeSpan most, string besides = "")
    {
        if (span < least || span > most)
        {
            Fault(path, $"{Scalars.Write(span)} is out of range.", $"write a duration from {Scalars.Write(least)} to {Scalars.Write(most)}{besides}");
        }
    }

    /// <summary>Looks a text with references up; a reference that leads nowhere is a fault.</summary>
    public string Resolve(string path, SecretText text) => Told(path, text.Resolve(folder, out var missing), missing);

    /// <summary>Looks a connection string up: each reference is one value in it.</summary>
    public string ResolveConnection(string path, SecretText text) => Told(path, text.ResolveConnection(folder, out var missing), missing);

    private string Told(string path, string? value, IReadOnlyList<(string Problem, string Fix)> missing)
    {
        foreach (var (problem, fix) in missing)
        {
            Fault(path, problem, fix);
        }

        return value ?? "";
    }

    public void Fault(string path, string problem, string fix)
    {
        var (line, column) = places.PlaceOf(path);
        _faults.Add(new(path, line, column, problem, fix));
    }

    private void CheckServer(string at, string name, ServerSection server)
    {
        if (!ServerName().IsMatch(name))
        {
            Fault(at, $"'{name}' cannot be a server's name: it becomes part of a URL.", "use lower-case letters, digits, '-' and '_', at most 63, the first a letter or digit");
        }

        string[] ways = [.. new[] { (server.Command is not null, "command"), (server.Url is not null, "url"), (!server.Destinations.IsEmpty, "destinations") }.Where(w => w.Item1).Select(w => w.Item2)];
        if (ways.Length != 1)
        {
            Fault(
                at,
                ways.Length == 0 ? "nothing says how this server is reached." : $"{string.Join(" and ", ways)} are given together.",
                "give exactly one: command (starts a stdio server), url, or destinations");
        }

        if (server.Command is null && (!server.Args.IsEmpty || !server.Env.IsEmpty || server.Cwd is not null))
        {
            Fault(at, "args, env and cwd belong to a command, and there is none.", "add command, or remove them");
        }

        if (server.Command is not null && !server.Headers.IsEmpty)
        {
            Fault($"{at}.headers", "a stdio server has no headers.", "give the value to the command through env");
        }

        if (server.Command is not null && server.Transport != "http")
        {
            Fault($"{at}.transport", "a command is always reached over stdio.", "remove transport");
        }

        CheckWaits(at, server);
        CheckCase($"{at}.headers", server.Headers.Keys, "header");
        CheckCase($"{at}.destinations", server.Destinations.Keys, "destination");

        foreach (var header in server.Headers.Keys)
        {
            if (!HeaderName().IsMatch(header))
            {
                Fault($"{at}.headers.{header}", $"'{header}' is no header name.", "use letters, digits and '-'");
            }
            else if (ServerHeaders.BelongsToMessage(header))
            {
                Fault($"{at}.headers.{header}", $"'{header}' belongs to each message and its connection: the gateway writes it.", "remove it");
            }
        }
    }

    private void CheckCase(string at, IEnumerable<string> names, string what)
    {
        foreach (var twice in names.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).Where(g => g.Skip(1).Any()))
        {
            string[] inOrder = [.. twice.OrderBy(name => places.PlaceOf($"{at}.{name}")).ThenBy(name => name, StringComparer.Ordinal)];
            Fault($"{at}.{inOrder[^1]}", $"{string.Join(" and ", inOrder.Select(name => $"'{name}'"))} are one {what}: case means nothing in their names.", "keep one of them");
        }
    }

    private void CheckRules(ConfigFile file)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < file.Rules.Length; i++)
        {
            var rule = file.Rules[i];
            var at = string.Create(CultureInfo.InvariantCulture, $"rules[{i}]");
            if (rule.Id is null)
            {
                Fault(at, "the rule has no id.", "add id: a short name that events can cite");
            }
            else if (!seen.Add(rule.Id))
            {
                Fault($"{at}.id", $"'{rule.Id}' is the id of an earlier rule.", "give each rule an id of its own");
            }

            if (rule.Allow is null == rule.Block is null)
            {
                Fault(at, rule.Allow is null ? "the rule neither allows nor blocks." : "the rule both allows and blocks.", "give exactly one of allow and block");
            }

            foreach (var (effect, match) in new[] { ("allow", rule.Allow), ("block", rule.Block) })
            {
                CheckMatch($"{at}.{effect}", match, file);
            }
        }
    }

    private void CheckMatch(string at, MatchSection? match, ConfigFile file)
    {
        foreach (var label in match?.Labels ?? [])
        {
            if (!DetectionMapping.Labels.Contains(label, StringComparer.Ordinal))
            {
                Fault($"{at}.labels", $"there is no label '{label}'.", $"write some of {string.Join(", ", DetectionMapping.Labels)}");
            }
            else if (!file.Detection.Enabled || !file.Detection.Labels.Contains(label, StringComparer.Ordinal))
            {
                Fault($"{at}.labels", $"no session gets the label '{label}': it is not written to the log.", "add it to detection.labels");
            }
        }

        foreach (var (list, names) in new[] { ("principals", match?.Principals), ("teams", match?.Teams), ("servers", match?.Servers), ("tools", match?.Tools) })
        {
            foreach (var name in names ?? [])
            {
                if (name.IndexOf('*', StringComparison.Ordinal) is >= 0 and var star && star < name.Length - 1)
                {
                    Fault($"{at}.{list}", $"'{name}' has * before its end.", "a name may only end in *");
                }
            }
        }

        foreach (var name in match?.Servers ?? [])
        {
            if (!name.EndsWith('*') && !file.Servers.ContainsKey(name))
            {
                var near = NearName.Of(name, file.Servers.Keys);
                Fault($"{at}.servers", $"there is no server '{name}'.", near is null ? "name one of servers" : $"did you mean '{near}'?");
            }
        }
    }

    private void CheckListen(ListenSection listen, bool looksAtFiles)
    {
        if (listen.Url.Scheme == "https" && (listen.Tls?.Certificate is null || listen.Tls.Key is null))
        {
            Fault("listen.tls", "https needs a certificate and its key.", "add tls: { certificate: cert.pem, key: key.pem }");
        }

        if (listen.Url.Scheme == "http" && listen.Tls is not null)
        {
            Fault("listen.url", "tls is given, but the address is http.", "write https:// in listen.url, or remove tls");
        }

        if (looksAtFiles && listen.Tls is { Certificate: { } certificate, Key: { } key } && TlsCertificate.FaultOf(Path.GetFullPath(certificate, folder), Path.GetFullPath(key, folder)) is { } fault)
        {
            Fault($"listen.tls.{fault.Key}", fault.Problem, fault.Fix);
        }

        foreach (var host in listen.Hosts.Where(h => !string.Equals(Listening.HostIn(h), h, StringComparison.OrdinalIgnoreCase)))
        {
            Fault("listen.hosts", $"'{host}' is no host as clients send it, and no request names it.", $"write {Listening.HostIn(host) ?? "a name or an address without scheme and port, such as mcp.example.com; there is no *"}");
        }

        foreach (var origin in listen.Origins.Where(o => Scalars.Address(o)?.GetLeftPart(UriPartial.Authority) != o))
        {
            Fault("listen.origins", $"'{origin}' is no origin, and no browser sends it.", "write scheme, host and port as the browser does, such as https://console.example.com; there is no *");
        }

        CheckSpan("listen.drain", listen.Drain, TimeSpan.Zero, Day);
        CheckSpan("listen.finish", listen.Finish, TimeSpan.Zero, Day);
        if (listen.Url.PathAndQuery != "/")
        {
            Fault("listen.url", "the address has a path.", "keep only scheme, host and port");
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9_-]{0,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex ServerName();

    [GeneratedRegex("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}$", RegexOptions.CultureInvariant)]
    private static partial Regex HeaderName();
}
