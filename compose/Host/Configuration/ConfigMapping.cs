using System.Collections.Immutable;
using McpLedger.Gateway.Configuration;

namespace McpLedger.Host.Configuration;

/// <summary>Turns the file into what the gateway takes; secrets are looked up here and nowhere else.</summary>
internal static class ConfigMapping
{
    public static GatewayConfig ToGateway(ConfigFile file, string folder, ConfigChecks checks) => new()
    {
        Servers = file.Servers.ToImmutableSortedDictionary(s => s.Key, s => ToServer(s.Key, s.Value, file.Tools, folder, checks), StringComparer.Ordinal),
        AnonymousOnLoopback = file.Principals.Anonymous == "loopback",
        Rules = [.. file.Rules.Select(ToRule)],
        AllowedHosts = file.Listen.Hosts,
        AllowedOrigins = file.Listen.Origins,
        Record = file.Ledger.Record switch { "strict-request" => RecordMode.StrictRequest, "best-effort" => RecordMode.BestEffort, _ => RecordMode.Strict },
        Limits = new()
        {
            MaxRequestBytes = Bounded("limits.request", file.Limits.Request, checks),
            MaxResponseBytes = Bounded("limits.response", file.Limits.Response, checks),
            MaxDepth = file.Limits.Depth,
            MaxNodes = file.Limits.Nodes,
            MaxBatch = file.Limits.Batch,
            BodyTimeout = file.Limits.BodyTimeout,
        },
        Screening = ScreeningMapping.ToScreening(file.Screening, folder, checks),
        Peers = file.Peers.Named,
        PeerName = file.Peers.Dns,
    };

    private static ServerConfig ToServer(string name, ServerSection server, ToolsSection tools, string folder, ConfigChecks checks)
    {
        var at = $"servers.{name}";
        return new()
        {
            Name = name,
            Transport = server.Command is not null ? UpstreamTransport.Stdio : server.Transport == "sse" ? UpstreamTransport.LegacySse : UpstreamTransport.StreamableHttp,
            Destinations = Destinations(at, server, checks),
            Balancing = server.Balancing,
            Health = new() { ActivePath = server.Health.Path, ActiveInterval = server.Health.Interval, Passive = server.Health.Passive, ReactivationPeriod = server.Health.Reactivation },
            Headers = server.Headers.DistinctBy(h => h.Key, StringComparer.OrdinalIgnoreCase).ToImmutableSortedDictionary(h => h.Key, h => Header($"{at}.headers.{h.Key}", h.Value, checks), StringComparer.OrdinalIgnoreCase),
            Stdio = server.Command is null ? null : new()
            {
                Command = server.Command,
                Arguments = [.. server.Args.Select(a => checks.Resolve($"{at}.args", a))],
                Environment = server.Env.ToImmutableSortedDictionary(e => e.Key, e => checks.Resolve($"{at}.env.{e.Key}", e.Value), StringComparer.Ordinal),
                WorkingDirectory = server.Cwd is null ? null : Path.GetFullPath(server.Cwd, folder),
                MaxProcesses = server.MaxProcesses,
                IdleTimeout = server.SessionIdle,
                ShutdownGrace = server.ShutdownGrace,
            },
            ResponseTimeout = server.ResponseTimeout,
            IdleTimeout = server.IdleTimeout,
            ModernOnly = server.ModernOnly,
            FirstTools = (server.Tools.First ?? tools.First) == "hold" ? FirstTools.Hold : FirstTools.Serve,
            Screening = ScreeningMapping.ToServer(at, server.Screening, checks),
        };
    }

    private static ImmutableSortedDictionary<string, Uri> Destinations(string at, ServerSection server, ConfigChecks checks)
    {
        var destinations = server.Destinations.ToImmutableSortedDictionary(StringComparer.Ordinal);
        if (server.Url is null)
        {
            return destinations;
        }

        var text = checks.Resolve($"{at}.url", server.Url);
        if (Scalars.Address(text) is { } address)
        {
            return destinations.SetItem("default", address);
        }

        if (text.Length > 0)
        {
            checks.Fault($"{at}.url", $"'{server.Url}' is not an http:// or https:// address.", "write a whole address, such as https://mcp.example.com/mcp");
        }

        return destinations;
    }

    private static string Header(string path, SecretText text, ConfigChecks checks)
    {
        var value = checks.Resolve(path, text);
        if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            checks.Fault(path, "the value holds a line break, which no header can.", "keep it to one line");
            return "";
        }

        if (!ServerHeaders.CanBeSent(value))
        {
            checks.Fault(path, "the value holds letters outside ASCII or control characters, which the HTTP client does not send.", "write it in visible ASCII, as the server documents it");
            return "";
        }

        return value;
    }

    private static RuleConfig ToRule(RuleSection rule)
    {
        var match = rule.Block ?? rule.Allow ?? new();
        return new()
        {
            Id = rule.Id ?? "",
            Effect = rule.Block is null && rule.Allow is not null ? RuleEffect.Allow : RuleEffect.Block,
            Principals = match.Principals,
            Teams = match.Teams,
            Servers = match.Servers,
            Tools = match.Tools,
            Labels = match.Labels,
            Reason = rule.Reason,
        };
    }

    private static int Bounded(string path, ByteSize size, ConfigChecks checks)
    {
        if (size.Bytes is >= 1024 and <= 1L << 30)
        {
            return (int)size.Bytes;
        }

        checks.Fault(path, $"{size} is out of range.", "write a size from 1KiB to 1GiB");
        return 1024;
    }
}
