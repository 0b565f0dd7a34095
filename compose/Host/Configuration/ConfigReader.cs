using System.Collections.Immutable;
using McpLedger.Gateway.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Configuration;

/// <summary>A configuration that holds: as written, and as the gateway takes it with every secret looked up.</summary>
internal sealed record LoadedConfig(string Path, ConfigFile File, GatewayConfig Gateway, EngineSecrets Secrets)
{
    /// <summary>The folder that relative paths in the file start from.</summary>
    public string Folder => System.IO.Path.GetDirectoryName(Path)!;

    /// <summary>The ledger's folder that the command line names instead of the file's; null when it names none.</summary>
    public string? NamedData { get; init; }

    /// <summary>The ledger's folder.</summary>
    public string DataFolder => NamedData ?? System.IO.Path.GetFullPath(File.Ledger.Data, Folder);
}

/// <summary>What came of reading: a configuration, or everything that is wrong with it.</summary>
/// <param name="Path">Full path of the file.</param>
/// <param name="Config">Null when there are faults.</param>
/// <param name="Faults">In the order of the file.</param>
/// <param name="File">As much as could be bound; where nothing of the file could be read, what the environment says, and null when that says nothing either.</param>
internal sealed record ConfigRead(string Path, LoadedConfig? Config, IReadOnlyList<ConfigFault> Faults, ConfigFile? File)
{
    /// <summary>Whether a file is there of which nothing could be read: what <see cref="File"/> does not say may stand in it.</summary>
    public bool IsUnread { get; init; }

    /// <summary>Whether the ledger's folder may be named where it could not be read.</summary>
    public bool HidesData { get; init; }
}

/// <summary>The one door to <c>mcpledger.yaml</c>.</summary>
internal static class ConfigReader
{
    public const string DefaultName = "mcpledger.yaml";
    private const int LongestFile = 1024 * 1024;
    private static readonly Dictionary<string, string> Nothing = [];
    private static readonly ImmutableDictionary<string, ServerSection> Nobody = ImmutableDictionary<string, ServerSection>.Empty;

    /// <summary>The file that is meant: what was given, else <c>MCPLEDGER_CONFIG</c>, else <c>mcpledger.yaml</c> here.</summary>
    public static string PathOf(string? given) =>
        Path.GetFullPath(given ?? Environment.GetEnvironmentVariable("MCPLEDGER_CONFIG") ?? DefaultName);

    /// <summary>Reads the file, with what the environment of this process lays over it.</summary>
    public static ConfigRead Read(string path) => Read(path, HostRoles.All);

    /// <summary>Reads the file for roles: secrets that none of them shows to anybody are not looked up, and need not be on their machine.</summary>
    public static ConfigRead Read(string path, HostRoles roles) => Read(path, roles, EnvironmentOverrides.OfProcess());

    /// <summary>Reads what stands in the file and nothing else, for those who write it again: no secret and no file that it names need be at hand.</summary>
    public static ConfigRead ReadWritten(string path) => Read(path, HostRoles.None, Nothing);

    private static ConfigRead Read(string path, HostRoles roles, IReadOnlyDictionary<string, string> environment)
    {
        string text;
        try
        {
            if (new FileInfo(path).Length > LongestFile)
            {
                return Unread(path, [new("", 0, 0, "the file is larger than 1 MiB.", "a configuration is far smaller; is this the right file?")], environment, isThere: true);
            }

            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e is FileNotFoundException or DirectoryNotFoundException
                ? Unread(path, [new("", 0, 0, "there is no such file.", "make one from the mcpServers JSON you have: mcpledger import FILE, or point at it: --config FILE")], environment, isThere: false)
                : Unread(path, [new("", 0, 0, $"the file cannot be read ({e.GetType().Name}).", "check its owner and mode")], environment, isThere: true);
        }

        return ReadText(path, text, roles, environment);
    }

    public static ConfigRead ReadText(string path, string text) => ReadText(path, text, HostRoles.All, Nothing);

    /// <summary>Reads a text for roles, with an environment laid over it.</summary>
    public static ConfigRead ReadText(string path, string text, HostRoles roles, IReadOnlyDictionary<string, string> environment)
    {
        var (root, faults) = YamlTree.Read(text);
        if (root is null or ConfigNode.Scalar { IsNull: true })
        {
            return faults.Count > 0
                ? Unread(path, faults, environment, isThere: true)
                : Unread(path, [new("", 0, 0, "the file is empty.", "add at least servers and rules; see compose/README.md")], environment, isThere: false);
        }

        var misnamed = new List<ConfigFault>();
        root = EnvironmentOverrides.Over(root, environment, misnamed);
        var binder = new ConfigBinder();
        var file = binder.Bind<ConfigFile>(root);
        var folder = Path.GetDirectoryName(path)!;
        var checks = new ConfigChecks(binder, folder);
        checks.Check(file, roles);
        var gateway = ConfigMapping.ToGateway(roles.HasFlag(HostRoles.Gateway) ? file : file with { Servers = Nobody }, folder, checks);
        var secrets = EngineSecrets.Of(file, roles, checks);
        ConfigFault[] all = [.. faults.Concat(misnamed).Concat(binder.Faults).Concat(checks.Faults).OrderBy(f => f.Line).ThenBy(f => f.Column)];
        return new(path, all.Length == 0 ? new(path, file, gateway, secrets) : null, all, file) { HidesData = MayHideData(binder, faults.Concat(misnamed)) };
    }

    // What the environment says holds all the same: a verb must find the instance that was started with it, whatever became of the file since.
    private static ConfigRead Unread(string path, IReadOnlyList<ConfigFault> faults, IReadOnlyDictionary<string, string> environment, bool isThere)
    {
        var misnamed = new List<ConfigFault>();
        var laid = EnvironmentOverrides.Over(new ConfigNode.Mapping(0, 0, []), environment, misnamed);
        var binder = new ConfigBinder();
        var file = binder.Bind<ConfigFile>(laid);
        return new(path, null, [.. faults, .. misnamed, .. binder.Faults], environment.Count == 0 ? null : file)
        {
            IsUnread = isThere,
            HidesData = (isThere && !binder.Stands("ledger.data")) || MayHideData(binder, misnamed),
        };
    }

    // A key that is no key may be the misspelt one of the folder, or of its section.
    private static bool MayHideData(ConfigBinder binder, IEnumerable<ConfigFault> others)
    {
        var isNamed = binder.Stands("ledger.data");
        return others.Concat(binder.Faults).Any(f => f.Path == "ledger.data" || (!isNamed && (f.Path.StartsWith("ledger.", StringComparison.Ordinal) || f.Path.AsSpan().IndexOfAny('.', '[') < 0)));
    }
}
