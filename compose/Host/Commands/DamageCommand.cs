using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Streaming;

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
            desk => Task.FromResult(new DoorAnswer<IReadOnlyList<DamageLine>>(desk.List(cancellationToken), null, ExitCode.Ok)));
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
                async desk =>
                {
                    var (line, status, fault) = await desk.AcceptAsync(request, Environment.UserName, cancellationToken);
                    return new(line, fault, status is StatusCodes.Status400BadRequest ? ExitCode.Usage : status is StatusCodes.Status503ServiceUnavailable ? ExitCode.Unavailable : ExitCode.Finding);
                });
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
    private static async Task<DoorAnswer<T>> AskAsync<T>(ParseResult parsed, Terminal terminal, Func<LiveDoor, Task<DoorAnswer<T>>> live, Func<DamageDesk, Task<DoorAnswer<T>>> closed)
        where T : class
    {
        using var door = LiveDoor.Find(parsed);
        var answer = door is not null ? await live(door) : await WithLockAsync(parsed, terminal, closed);
        if (answer.Fault is { } fault)
        {
            terminal.Error($"mcpledger: {fault}");
        }

        return answer;
    }

    private static async Task<DoorAnswer<T>> WithLockAsync<T>(ParseResult parsed, Terminal terminal, Func<DamageDesk, Task<DoorAnswer<T>>> ask)
        where T : class
    {
        var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)));
        if (read.Config is not { } written)
        {
            return new(null, null, Faults.Say(terminal, read));
        }

        await using var room = LedgerRoom.Open(DataFolder.Into(written, parsed), HostRoles.Pipeline);
        if (room.Ledger.Health is { Status: LedgerStatus.Unavailable } health)
        {
            return new(null, health.Reason, ExitCode.Unavailable);
        }

        try
        {
            return await ask(new(room.Ledger, new(room.Ledger, room.Ledger.Identity.SourceOf("host"), TimeProvider.System)));
        }
        catch (IOException e)
        {
            return new(null, e.Message, ExitCode.Unavailable);
        }
    }
}
