using System.Net.Sockets;
using McpLedger.Detectors.Injection;
using McpLedger.Gateway.Configuration;
using McpLedger.Host.Access;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doors;
using McpLedger.Host.Running;

namespace McpLedger.Host.Doctor;

/// <summary>The checks of <c>doctor</c>, in the order in which a newcomer would trip over what they find.</summary>
internal static class Examination
{
    public const string ConfigurationCheck = "configuration";
    private const long LittleSpace = 1L << 30;
    private const string RenewFix = "renew it; a running instance takes the new one at 'mcpledger reload' or SIGHUP";
    private static readonly TimeSpan SoonExpired = TimeSpan.FromDays(14);

    /// <param name="path">The configuration.</param>
    /// <param name="roles">Whose machine it is: what only other roles need is not looked for.</param>
    /// <param name="data">The ledger's folder instead of the configuration's; null for that one.</param>
    /// <param name="time">The clock that is looked at.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task<IReadOnlyList<Finding>> RunAsync(string path, HostRoles roles, string? data, TimeProvider time, CancellationToken cancellationToken)
    {
        var read = ConfigReader.Read(path, roles);
        if (read.Config is not { } written)
        {
            return [.. read.Faults.Select(f => new Finding(ConfigurationCheck, FindingLevel.Error, (f with { Fix = "" }).Describe(path).Replace(" Fix: ", "", StringComparison.Ordinal), f.Fix))];
        }

        var config = written with { NamedData = data };
        if (roles != HostRoles.All && config.File.Kafka is null)
        {
            return [new(ConfigurationCheck, FindingLevel.Error, roles.Unshared(), HostRoleNames.UnsharedFix)];
        }

        var isGateway = roles.HasFlag(HostRoles.Gateway);
        List<Finding> findings = [new(ConfigurationCheck, FindingLevel.Ok, $"{path}: {config.File.Servers.Count} servers, {config.Gateway.Rules.Length} rules", null)];
        findings.AddRange(isGateway ? [.. Rules(config), .. Secrets(config), Screening(config)] : []);
        findings.AddRange(DataFolder(config.DataFolder));
        findings.Add(Port(config));
        findings.AddRange(Certificate(config, time));
        findings.AddRange(isGateway ? Commands(config.Gateway) : []);
        findings.Add(Clock(time));
        findings.AddRange(isGateway ? await ToolsAsync(config, time, cancellationToken) : []);
        findings.AddRange(isGateway ? await Reachability.CheckAsync(config.Gateway, cancellationToken) : []);
        findings.AddRange(await EngineChecks.RunAsync(config, roles, time, cancellationToken));
        return findings;
    }

    private static IEnumerable<Finding> Rules(LoadedConfig config)
    {
        if (!config.Gateway.Rules.Any(r => r.Effect == RuleEffect.Allow))
        {
            yield return new("rules", FindingLevel.Warning, "no rule allows anything: every call is refused.", "add a rule, such as: rules: [{ id: everyone, allow: { principals: [anonymous] } }]");
        }

        foreach (var name in config.Gateway.Servers.Keys.Where(s => !config.Gateway.Rules.Any(r => r.Effect == RuleEffect.Allow && Reaches(r, s))))
        {
            yield return new("rules", FindingLevel.Warning, $"no rule allows anything on the server '{name}'.", $"name it in an allow rule: allow: {{ servers: [{name}] }}");
        }

        if (config.File.Kafka is not null && config.Gateway.Servers.Values.Any(s => s.Transport != UpstreamTransport.StreamableHttp) && config.File.Peers == PeersValue.None)
        {
            yield return new("peers", FindingLevel.Warning, "a server's sessions are held by the gateway that opened them, and no gateway knows the others.", "peers: { gateway-1: \"http://gateway-1:8377\", … }, or peers: dns:http://gateways:8377");
        }

        if (!config.File.Listen.Url.IsLoopback && config.File.Listen.Hosts.IsEmpty)
        {
            yield return new("hosts", FindingLevel.Warning, "the gateway listens beyond this machine, and only calls to localhost are answered.", "listen: { hosts: [mcp.example.com] }: the names and addresses that clients call, without scheme and port");
        }

        if (config.Gateway.AnonymousOnLoopback && !config.File.Listen.Url.IsLoopback)
        {
            yield return new("principals", FindingLevel.Warning, "anonymous callers on loopback are let in while the gateway listens beyond it; a proxy on this machine makes every caller look local.", "principals: { anonymous: off } and keys: mcpledger keys create");
        }
    }

    private static bool Reaches(RuleConfig rule, string server) =>
        rule.Servers.IsEmpty || rule.Servers.Any(s => s.EndsWith('*') ? server.StartsWith(s[..^1], StringComparison.Ordinal) : s == server);

    private static IEnumerable<Finding> Secrets(LoadedConfig config)
    {
        foreach (var (name, server) in config.File.Servers)
        {
            foreach (var (key, text) in server.Headers.Concat(server.Env).Where(e => !e.Value.HasReference && SecretNames.Suggests(e.Key, e.Value.Template)))
            {
                yield return new("secrets", FindingLevel.Warning, $"servers.{name}: {key} looks like a secret and stands in the file.", $"move it to a file of mode 0600 and write {key}: ${{file:secrets/{name}}}");
            }

            foreach (var file in server.Headers.Values.Concat(server.Env.Values).Concat(server.Args).SelectMany(t => t.Files))
            {
                var full = Path.GetFullPath(file, config.Folder);
                if (PrivateFile.IsOpenToOthers(full))
                {
                    yield return new("secrets", FindingLevel.Warning, $"{full} can be read by others.", $"chmod 600 {full}");
                }
            }
        }
    }

    private static Finding Screening(LoadedConfig config)
    {
        if (config.Gateway.Screening is not { } screening)
        {
            return new("screening", FindingLevel.Warning, "nothing is looked for in what passes: neither attacks on models nor secrets.", "screening: { mode: on }");
        }

        try
        {
            using var model = InjectionModel.Open(screening.ModelFolder ?? ShippedModel.Folder);
            return new("screening", FindingLevel.Ok, $"model {model.Id} {model.Digest[..12]}", null);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            return new("screening", FindingLevel.Error, $"the model cannot be read: {e.Message}", "name another folder in screening.model, or remove the key for the model that comes with the program");
        }
    }

    private static IEnumerable<Finding> DataFolder(string folder)
    {
        var nearest = new DirectoryInfo(folder);
        while (!nearest.Exists && nearest.Parent is not null)
        {
            nearest = nearest.Parent;
        }

        var failure = TryWrite(nearest.FullName);
        if (failure is not null)
        {
            yield return new("data folder", FindingLevel.Error, $"{nearest.FullName} cannot be written ({failure}).", $"give it to the user that runs mcpledger: chown $(whoami) {nearest.FullName}");
            yield break;
        }

        if (!OperatingSystem.IsWindows() && Directory.Exists(folder) && (File.GetUnixFileMode(folder) & (UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute)) != 0)
        {
            yield return new("data folder", FindingLevel.Warning, $"{folder} is open to every user of this machine.", $"chmod 750 {folder}");
        }

        var free = new DriveInfo(nearest.FullName).AvailableFreeSpace;
        yield return free < LittleSpace
            ? new("disk", FindingLevel.Warning, $"only {free / (1 << 20)} MiB are free at {nearest.FullName}; when it is full every call is refused.", "free space, or set ledger.retention")
            : new("disk", FindingLevel.Ok, $"{free / (1 << 30)} GiB free at {nearest.FullName}", null);
    }

    private static async Task<IEnumerable<Finding>> ToolsAsync(LoadedConfig config, TimeProvider time, CancellationToken cancellationToken)
    {
        using var door = FolderDoor.Open(config.DataFolder, time);
        var waiting = door is null ? null : (await WithheldTools.AllAsync(door, server: null, cancellationToken)).Value;
        return (waiting ?? []).GroupBy(t => t.Server, StringComparer.Ordinal).Where(s => config.Gateway.Servers.ContainsKey(s.Key)).Select(s => new Finding(
            "tools",
            FindingLevel.Warning,
            $"{s.Count()} tools of '{s.Key}' wait for an operator: {string.Join(", ", s.Take(5).Select(t => $"{t.Tool} ({t.State})"))}{(s.Count() > 5 ? ", …" : "")}.",
            $"read them (mcpledger tools list --server {s.Key} --withheld), then: mcpledger tools approve {s.Key} TOOL"));
    }

    private static string? TryWrite(string folder)
    {
        try
        {
            using var probe = new FileStream(Path.Combine(folder, $".mcpledger-probe-{Environment.ProcessId}"), FileMode.Create, FileAccess.Write, FileShare.None, 1, FileOptions.DeleteOnClose);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.GetType().Name;
        }
    }

    private static Finding Port(LoadedConfig config) => Listening.RefusalOf(config.File.Listen.Url) switch
    {
        null => new("port", FindingLevel.Ok, $"{config.File.Listen.Url} is free", null),
        SocketError.AddressAlreadyInUse => new("port", FindingLevel.Warning, $"something already listens at {config.File.Listen.Url} (mcpledger itself, if it is running).", "stop it, or choose another port in listen.url"),
        var refusal => new("port", FindingLevel.Error, $"{config.File.Listen.Url} cannot be listened on ({refusal}).", "choose an address of this machine, and a port that its user may open, in listen.url"),
    };

    private static IEnumerable<Finding> Certificate(LoadedConfig config, TimeProvider time)
    {
        using var certificate = TlsCertificate.Load(config);
        if (certificate is null)
        {
            yield break;
        }

        var now = time.GetUtcNow();
        var (file, key) = (Path.GetFullPath(config.File.Listen.Tls!.Certificate!, config.Folder), Path.GetFullPath(config.File.Listen.Tls.Key!, config.Folder));
        yield return now > certificate.Until ? new("certificate", FindingLevel.Error, $"{file} expired on {certificate.Until:yyyy-MM-dd}: no client goes on.", RenewFix)
            : now < certificate.From ? new("certificate", FindingLevel.Error, $"{file} is good from {certificate.From:yyyy-MM-dd HH:mm}Z on only.", "set the machine's clock, or wait")
            : certificate.Until - now < SoonExpired ? new("certificate", FindingLevel.Warning, $"{file} expires on {certificate.Until:yyyy-MM-dd}.", RenewFix)
            : new("certificate", FindingLevel.Ok, $"{file} is good until {certificate.Until:yyyy-MM-dd}", null);
        if (PrivateFile.IsOpenToOthers(key))
        {
            yield return new("certificate", FindingLevel.Warning, $"{key} can be read by others.", $"chmod 600 {key}");
        }
    }

    private static IEnumerable<Finding> Commands(GatewayConfig config)
    {
        foreach (var (name, server) in config.Servers.Where(s => s.Value.Stdio is not null))
        {
            var program = server.Stdio!.Command;
            var found = Programs.Find(program, server.Stdio.WorkingDirectory);
            yield return found is not null
                ? new("command", FindingLevel.Ok, $"{name}: {found}", null)
                : new("command", FindingLevel.Error, $"{name}: the program '{program}' is not there.", program is "npx" or "node" or "npm" ? "install Node.js 20 or newer: https://nodejs.org" : program is "uvx" or "uv" ? "install uv: https://docs.astral.sh/uv" : "install it, or write its full path in command");
        }
    }

    private static Finding Clock(TimeProvider time) => time.GetUtcNow().Year is >= 2025 and < 2100
        ? new("clock", FindingLevel.Ok, $"{time.GetUtcNow():yyyy-MM-dd HH:mm:ss}Z", null)
        : new("clock", FindingLevel.Error, $"the clock says {time.GetUtcNow():yyyy-MM-dd}.", "set the machine's clock: events are stamped with it");
}
