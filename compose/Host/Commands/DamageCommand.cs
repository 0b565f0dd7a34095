using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Streaming.Embedded;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Commands;

/// <summary><c>damage</c>: stretches of the log that cannot be read. They stop the sealer in front of them until somebody answers for them.</summary>
internal static class DamageCommand
{
    public static Command Create() => new("damage", "Stretches of the log that cannot be read: list them, accept one and go on behind it.") { List(), Accept() };

    private static Command List() => new Command("list", "Read the whole log and list them. Exit code 1 when there are any that nobody accepted.").Runs(async (parsed, terminal, cancellationToken) =>
    {
        var answer = await AskAsync(
            parsed,
            terminal,
            live => live.SendLongAsync<IReadOnlyList<DamageLine>>(HttpMethod.Get, "api/v1/damage", null, cancellationToken),
            config => ListClosedAsync(config, cancellationToken));
        if (answer.Value is not { } damage)
        {
            return answer.ExitCode;
        }

        terminal.Document(damage);
        terminal.Table(["partition", "offset", "next", "segment", "byte", "bytes", "sha256"], damage.Select(d => (IReadOnlyList<string?>)
            [d.Partition, $"{d.Offset}", $"{d.NextOffset}", d.Segment, $"{d.Position}", $"{d.Length}", d.Sha256]));
        terminal.Line(damage.Count == 0 ? "everything can be read, but for what was accepted" : $"{damage.Count} stretches cannot be read");
        return damage.Count == 0 ? ExitCode.Ok : ExitCode.Finding;
    });

    private static Command Accept()
    {
        var partition = new Argument<string>("partition") { Description = "Such as calls-0." };
        var offset = new Argument<long>("offset") { Description = "The stretch's first offset, as 'damage list' says it." };
        var digest = new Option<string>("--sha256") { Description = "Digest of its bytes, as 'damage list' says it: no other stretch is accepted by mistake.", Required = true };
        var reason = new Option<string>("--reason") { Description = "Why, in words for an auditor.", Required = true };
        var command = new Command("accept", "Accept a stretch: recorded with your reason; the sealer and every reader go on behind it. What stood there is lost. Restore it from a copy if you have one.") { partition, offset, digest, reason };
        return command.Runs(async (parsed, terminal, cancellationToken) =>
        {
            var request = new DamageAcceptance(parsed.GetValue(partition)!, parsed.GetValue(offset), parsed.GetValue(digest)!, parsed.GetValue(reason)!);
            var answer = await AskAsync(
                parsed,
                terminal,
                live => live.SendAsync<DamageLine>(HttpMethod.Post, "api/v1/damage/accept", request, cancellationToken),
                config => AcceptClosedAsync(config, request, cancellationToken));
            if (answer.Value is not { } accepted)
            {
                return answer.ExitCode;
            }

            terminal.Document(accepted);
            terminal.Line($"accepted: {accepted.Partition} offsets {accepted.Offset} to {accepted.NextOffset - 1}; reading goes on at {accepted.NextOffset}");
            return ExitCode.Ok;
        });
    }

    // Through the instance that runs, else with the folder's lock.
    private static async Task<DoorAnswer<T>> AskAsync<T>(ParseResult parsed, Terminal terminal, Func<LiveDoor, Task<DoorAnswer<T>>> live, Func<LoadedConfig, Task<DoorAnswer<T>>> closed)
        where T : class
    {
        using var door = LiveDoor.Find(parsed);
        var answer = door is not null ? await live(door) : await ClosedAsync(parsed, terminal, closed);
        if (answer.Fault is { } fault)
        {
            terminal.Error($"mcpledger: {fault}");
        }

        return answer;
    }

    private static async Task<DoorAnswer<T>> ClosedAsync<T>(ParseResult parsed, Terminal terminal, Func<LoadedConfig, Task<DoorAnswer<T>>> ask)
        where T : class
    {
        // A gateway's machine has no secrets of the stores, and who looks after its disk none of the upstreams'.
        var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Pipeline);
        if (read.Config is not { } written)
        {
            return new(null, null, Faults.Say(terminal, read));
        }

        try
        {
            return await ask(DataFolder.Into(written, parsed));
        }
        catch (IOException e)
        {
            return new(null, e.Message, ExitCode.Unavailable);
        }
    }

    // A look at a spool needs no cluster, and leaves no word on it.
    private static async Task<DoorAnswer<IReadOnlyList<DamageLine>>> ListClosedAsync(LoadedConfig config, CancellationToken cancellationToken)
    {
        if (config.File.Kafka is not null)
        {
            await using var services = Services();
            using var spool = SpoolIn(config, services);
            return new(DamagedFiles.Of(spool).List(cancellationToken), null, ExitCode.Ok);
        }

        await using var room = LedgerRoom.OpenForVerb(config);
        return room.Refusal is { } refusal ? new(null, refusal, ExitCode.Unavailable) : new(DamagedFiles.Of(room.Ledger).List(cancellationToken), null, ExitCode.Ok);
    }

    private static async Task<DoorAnswer<DamageLine>> AcceptClosedAsync(LoadedConfig config, DamageAcceptance request, CancellationToken cancellationToken)
    {
        await using var services = Services();
        using var spool = config.File.Kafka is null ? null : SpoolIn(config, services);
        await using var room = LedgerRoom.OpenForVerb(config);
        if (room.Refusal is { } refusal)
        {
            return new(null, refusal, ExitCode.Unavailable);
        }

        var control = new ControlLog(room.Ledger, room.Ledger.Identity.SourceOf("host"), TimeProvider.System);
        var desk = new DamageDesk(config.File.Kafka is null ? DamagedFiles.Of(room.Ledger) : DamagedFiles.Of(spool), control);
        var (line, status, fault) = await desk.AcceptAsync(request, Environment.UserName, cancellationToken);
        return new(line, fault, status is StatusCodes.Status400BadRequest ? ExitCode.Usage : status is StatusCodes.Status503ServiceUnavailable ? ExitCode.Unavailable : ExitCode.Finding);
    }

    private static ServiceProvider Services() => new ServiceCollection().AddLogging(l => l.AddConsoleLines()).AddMetrics().AddSingleton<LedgerTelemetry>().BuildServiceProvider();

    private static SpoolFiles? SpoolIn(LoadedConfig config, ServiceProvider services) =>
        SpoolFiles.Take(KafkaMapping.ToLedger(config, HostRoles.Gateway), services.GetRequiredService<LedgerTelemetry>(), TimeProvider.System);
}
