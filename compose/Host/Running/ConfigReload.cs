using McpLedger.Gateway.Configuration;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Running;

/// <summary>Puts a gateway's configuration in force; false when the ledger cannot record that.</summary>
internal delegate Task<bool> PublishConfig(GatewayConfig next, string publishedBy, CancellationToken cancellationToken);

/// <summary>What came of a reload.</summary>
/// <param name="InForce">Whether the file's content is in force now.</param>
/// <param name="Errors">Why not, all of it; the old configuration stays.</param>
/// <param name="NeedsRestart">Keys that changed and take effect at the next start only.</param>
/// <param name="Servers">Servers that can be reached now.</param>
internal sealed record ReloadOutcome(bool InForce, IReadOnlyList<ConfigFault> Errors, IReadOnlyList<string> NeedsRestart, IReadOnlyList<string> Servers)
{
    /// <summary>True when the file was right but could not be recorded: try again.</summary>
    public bool IsUnrecordable => !InForce && Errors.Count == 0;
}

/// <summary>Takes a changed file without a restart. One at a time; a file with a fault changes nothing.</summary>
internal sealed class ConfigReload(LoadedConfig started, HostRoles roles, PublishConfig publish, HostTelemetry telemetry, ServedCertificate? certificate) : IDisposable
{
    private static readonly Dictionary<string, string> Uncommented = [];
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly LoadedConfig _started = started;

    public LoadedConfig Current { get; private set; } = started;

    public void Dispose() => _one.Dispose();

    public async Task<ReloadOutcome> ReloadAsync(string by, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var read = ConfigReader.Read(Current.Path, roles);
            return read.Config is null ? Refused(read) : await TakeAsync(read.Config with { NamedData = _started.NamedData }, by, cancellationToken);
        }
        catch (InvalidDataException e)
        {
            // The model is read when it is put in force, and not before.
            return Refused(new(Current.Path, null, [new("screening.model", 0, 0, e.Message, "name another folder, or remove the key for the model that comes with the program")], null));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever it was, whoever asked is told, and SIGHUP has nobody but the log to tell.
            telemetry.LogFailed(e, Current.Path);
            return Refused(new(Current.Path, null, [new("", 0, 0, $"the configuration could not be taken: {e.Message} ({e.GetType().Name})", "undo the last change; the log says where it failed")], null));
        }
        finally
        {
            _one.Release();
        }
    }

    private ReloadOutcome Refused(ConfigRead read)
    {
        foreach (var fault in read.Faults)
        {
            telemetry.LogRefused(read.Path, fault.Describe(read.Path));
        }

        return new(false, read.Faults, [], [.. Current.Gateway.Servers.Keys]);
    }

    private async Task<ReloadOutcome> TakeAsync(LoadedConfig next, string by, CancellationToken cancellationToken)
    {
        var fixedKeys = NeedRestart(_started.File, next.File).ToArray();
        foreach (var key in fixedKeys)
        {
            telemetry.LogNeedsRestart(key, next.Path);
        }

        // The recording mode stands in writer.started.v1: it cannot change under a chain that has begun.
        if (!await publish(next.Gateway with { Record = _started.Gateway.Record }, $"reload by {by}", cancellationToken))
        {
            telemetry.LogUnrecordable(next.Path);
            return new(false, [], fixedKeys, [.. Current.Gateway.Servers.Keys]);
        }

        certificate?.Renew(next);
        Current = next;
        telemetry.LogReloaded(next.Path, next.Gateway.Servers.Count, by);
        return new(true, [], fixedKeys, [.. next.Gateway.Servers.Keys]);
    }

    // By what is written: sections hold lists, which are equal to none but themselves.
    private static IEnumerable<string> NeedRestart(ConfigFile was, ConfigFile next)
    {
        (string Key, Func<ConfigFile, ConfigFile> Part)[] keys =
        [
            ("ledger", f => new() { Ledger = f.Ledger }), ("listen.url", f => new() { Listen = new() { Url = f.Listen.Url } }),
            ("sessions", f => new() { Sessions = f.Sessions }), ("bridge", f => new() { Bridge = f.Bridge }), ("instance", f => new() { Instance = f.Instance }), ("telemetry", f => new() { Telemetry = f.Telemetry }),
            ("kafka", f => new() { Kafka = f.Kafka }), ("postgres", f => new() { Postgres = f.Postgres }), ("search", f => new() { Search = f.Search }), ("detection", f => new() { Detection = f.Detection }),
            ("listen.drain", f => new() { Listen = new() { Drain = f.Listen.Drain } }), ("listen.finish", f => new() { Listen = new() { Finish = f.Listen.Finish } }),
        ];
        return keys.Where(k => ConfigWriter.Write(k.Part(was), Uncommented) != ConfigWriter.Write(k.Part(next), Uncommented)).Select(k => k.Key).Concat(OfBridges(was, next));
    }

    // Where the gateway speaks to a server by a bridge, that one keeps the limits it was made with.
    private static IEnumerable<string> OfBridges(ConfigFile was, ConfigFile next)
    {
        (string Key, bool Changed)[] keys = [("limits.depth", was.Limits.Depth != next.Limits.Depth), ("limits.nodes", was.Limits.Nodes != next.Limits.Nodes)];
        return next.Servers.Values.Any(s => s.Command is not null || s.Transport == "sse") ? keys.Where(k => k.Changed).Select(k => k.Key) : [];
    }
}
