using System.CommandLine;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using McpLedger.Gateway.Configuration;
using McpLedger.Host.Access;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary><c>up</c>: runs the gateway and everything that reads its ledger.</summary>
internal static class UpCommand
{
    public const string Name = "up";
    private static readonly TimeSpan BrokerPatience = TimeSpan.FromMinutes(1);

    public static Command Create()
    {
        var role = CommonOptions.Role("Which part of the system this process is");
        var command = new Command(Name, "Run the gateway, the ledger, the sealer, the read models and the API: all in this process, or one role of them.") { role };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            var roles = HostRoleNames.Of(parsed.GetValue(role)!);
            var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), roles);
            if (read.Config is not { } config)
            {
                return Faults.Say(terminal, read);
            }

            if (roles != HostRoles.All && config.File.Kafka is null)
            {
                terminal.Error($"mcpledger: {roles.Unshared()} Fix: {HostRoleNames.UnsharedFix}.");
                return ExitCode.Usage;
            }

            return await RunAsync(DataFolder.Into(config, parsed), roles, terminal, cancellationToken);
        });
    }

    private static async Task<int> RunAsync(LoadedConfig config, HostRoles roles, Terminal terminal, CancellationToken cancellationToken)
    {
        await using var room = LedgerRoom.Open(config, roles);
        if (await room.OpenedAsync(config.File.Kafka is null ? TimeSpan.Zero : BrokerPatience, TimeProvider.System, cancellationToken) is { } reason)
        {
            terminal.Error($"mcpledger: the ledger in {config.DataFolder} cannot be opened: {reason}.");
            return ExitCode.Unavailable;
        }

        try
        {
            using var certificate = TlsCertificate.Load(config);
            await using var app = UpHost.Build(config, room, roles, certificate);
            return await ServeAsync(app, config, roles, terminal, cancellationToken);
        }
        catch (Exception e) when (e is IOException or CryptographicException or InvalidDataException)
        {
            terminal.Error($"mcpledger: {e.Message}");
            return ExitCode.Unavailable;
        }
    }

    private static async Task<int> ServeAsync(WebApplication app, LoadedConfig config, HostRoles roles, Terminal terminal, CancellationToken cancellationToken)
    {
        if (app.Services.GetService<PublishConfig>() is { } publish && !await publish(config.Gateway, "start", cancellationToken))
        {
            terminal.Error($"mcpledger: the ledger in {config.DataFolder} takes no events.");
            return ExitCode.Unavailable;
        }

        if (!await TryStartAsync(app, config, terminal, cancellationToken))
        {
            return ExitCode.Unavailable;
        }

        var certificate = app.Services.GetService<ServedCertificate>();
        var instance = RunningInstance.OfThisProcess(Listening.LocalAddress(app.Urls.First()), certificate?.Digest, config.Path);
        instance.Announce(config.DataFolder);
        certificate?.Tell(digest => (instance with { Certificate = digest }).Announce(config.DataFolder));
        bool asked;
        try
        {
            var telemetry = app.Services.GetRequiredService<HostTelemetry>();
            Say(terminal, config, roles, instance, telemetry);
            var reload = app.Services.GetService<ConfigReload>();
            using var hangUp = OperatingSystem.IsWindows() ? null : PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                _ = reload?.ReloadAsync("SIGHUP", CancellationToken.None);
                if (reload is null)
                {
                    certificate?.Renew(config);
                }
            });
            var drain = app.Services.GetRequiredService<Drain>();
            await using var cancelled = cancellationToken.Register(drain.Ask);
            asked = await drain.WaitAsync(config.File.Listen.Drain);
            await app.EndAsync(config.File.Listen.Finish);
        }
        finally
        {
            RunningInstance.Withdraw(config.DataFolder);
        }

        // The log says which part gave up: whoever watches the process has to start it again.
        return asked ? ExitCode.Ok : ExitCode.Unavailable;
    }

    // What already runs beside the listener must end in order before anything is disposed of.
    private static async Task<bool> TryStartAsync(WebApplication app, LoadedConfig config, Terminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            await app.StartAsync(cancellationToken);
            return true;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            terminal.Error($"mcpledger: {config.File.Listen.Url} cannot be listened on: {e.Message.TrimEnd('.')}. Fix: stop what listens there, or choose another address of this machine in listen.url of {config.Path}.");
            await app.StopAsync(CancellationToken.None);
            return false;
        }
    }

    private static void Say(Terminal terminal, LoadedConfig config, HostRoles roles, RunningInstance instance, HostTelemetry telemetry)
    {
        var servers = roles.HasFlag(HostRoles.Gateway) ? config.Gateway.Servers.Keys : [];
        var endpoints = servers.ToDictionary(s => s, s => new Uri(instance.Url, $"s/{s}/mcp").ToString());
        terminal.Document(new { instance.Url, instance.Process, Role = roles.Written(), Data = config.DataFolder, Servers = endpoints });
        terminal.Line($"McpLedger {UpHost.Version}{(roles == HostRoles.All ? "" : $" {roles.Written()}")} at {instance.Url}");
        foreach (var (name, endpoint) in endpoints)
        {
            terminal.Line($"  {name}: {endpoint}");
        }

        if (roles.HasFlag(HostRoles.Gateway) && !config.Gateway.Rules.Any(r => r.Effect == RuleEffect.Allow))
        {
            terminal.Line("  no rule allows anything: every call is refused (mcpledger doctor says more)");
        }

        terminal.Line($"  ledger: {config.DataFolder} (record: {config.File.Ledger.Record}); API token: {AdminToken.PathIn(config.DataFolder)}");
        telemetry.LogServing(endpoints.Count, instance.Url.ToString(), config.DataFolder, config.File.Ledger.Record);
    }
}
