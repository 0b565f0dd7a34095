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
            () => Task.FromResult(ListClosed(parsed, cancellationToken)));
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
                () => AcceptClosedAsync(parsed, terminal, request, cancellationToken));
            if (answer.Value is not { } accepted)
            {
                return answer.ExitCode;
            }

            terminal.Document(accepted);
            terminal.Line($"accepted: {accepted.Partition} offsets {accepted.Offset} to {accepted.NextOffset - 1}; reading goes on at {accepted.NextOffset}");
            return ExitCode.Ok;
        });
    }

    // Through the instance that runs, else in the folder.
    private static async Task<DoorAnswer<T>> AskAsync<T>(ParseResult parsed, Terminal terminal, Func<LiveDoor, Task<DoorAnswer<T>>> live, Func<Task<DoorAnswer<T>>> closed)
        where T : class
    {
        using var door = LiveDoor.Find(parsed);
        var answer = door is not null ? await live(door) : await ClosedAsync(closed);
        if (answer.Fault is { } fault)
        {
            terminal.Error($"mcpledger: {fault}");
        }

        return answer;
    }

    private static async Task<DoorAnswer<T>> ClosedAsync<T>(Func<Task<DoorAnswer<T>>> ask)
        where T : class
    {
        try
        {
            return await ask();
        }
        catch (IOException e)
        {
            return new(null, e.Message, ExitCode.Unavailable);
        }
    }

    // Evidence is looked at as it lies: no lock, no word in it, and no configuration where the folder is named.
    private static DoorAnswer<IReadOnlyList<DamageLine>> ListClosed(ParseResult parsed, CancellationToken cancellationToken)
    {
        var folder = DataFolder.Of(parsed);
        return DamagedFiles.ListIn(folder, cancellationToken) is { } lines ? new(lines, null, ExitCode.Ok) : None<IReadOnlyList<DamageLine>>(folder);
    }

    private static DoorAnswer<T> None<T>(string folder)
        where T : class => new(null, RecordedLedger.NoneIn(folder), ExitCode.Unavailable);

    private static async Task<DoorAnswer<DamageLine>> AcceptClosedAsync(ParseResult parsed, Terminal terminal, DamageAcceptance request, CancellationToken cancellationToken)
    {
        // A gateway's machine has no secrets of the stores, and who looks after its disk none of the upstreams'.
        var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Pipeline);
        if (read.Config is not { } written)
        {
            return new(null, null, Faults.Say(terminal, read));
        }

        var config = DataFolder.Into(written, parsed);
        var isSpool = config.File.Kafka is not null;
        if (isSpool ? !SpoolFiles.AreIn(config.DataFolder) : !EmbeddedLedgerFiles.AreIn(config.DataFolder))
        {
            return None<DamageLine>(config.DataFolder);
        }

        await using var services = Services();
        using var spool = isSpool ? SpoolIn(config, services) : null;
        await using var room = LedgerRoom.OpenForVerb(config);
        if (room.Refusal is { } refusal)
        {
            return new(null, refusal, ExitCode.Unavailable);
        }

        var control = new ControlLog(room.Ledger, room.Ledger.Identity.SourceOf("host"), TimeProvider.System);
        var desk = new DamageDesk(isSpool ? DamagedFiles.Of(spool) : DamagedFiles.Of(room.Ledger), control);
        var (line, status, fault) = await desk.AcceptAsync(request, Environment.UserName, cancellationToken);
        return new(line, fault, status is StatusCodes.Status400BadRequest ? ExitCode.Usage : status is StatusCodes.Status503ServiceUnavailable ? ExitCode.Unavailable : ExitCode.Finding);
    }

    private static ServiceProvider Services() => new ServiceCollection().AddLogging(l => l.AddConsoleLines()).AddMetrics().AddSingleton<LedgerTelemetry>().BuildServiceProvider();

    private static SpoolFiles? SpoolIn(LoadedConfig config, ServiceProvider services) =>
        SpoolFiles.Take(KafkaMapping.ToLedger(config, HostRoles.Gateway), services.GetRequiredService<LedgerTelemetry>(), TimeProvider.System);
}
