using System.CommandLine;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Projections;
using McpLedger.Streaming.Parking;

namespace McpLedger.Host.Commands;

/// <summary><c>parked</c>: records that a consumer could not handle. They are kept, with the reason, until they can be.</summary>
internal static class ParkedCommand
{
    public static Command Create() => new("parked", "Records that a consumer could not handle (I2).") { List(), Replay() };

    private static Command List() => new Command("list", "List them. Exit code 1 when there are any.").Runs((parsed, terminal, _) =>
    {
        var parked = new ParkingLot(DataFolder.Of(parsed), TimeProvider.System).List();
        terminal.Document(parked.Select(p => new { p.Consumer, Partition = p.Partition.ToString(), p.Offset, p.Parked, Sha256 = p.Sha256.ToString(), p.Reason }));
        terminal.Table(["consumer", "partition", "offset", "parked", "reason"], parked.Select(p => (IReadOnlyList<string?>)
            [p.Consumer, p.Partition.ToString(), $"{p.Offset}", p.Parked.UtcDateTime.ToString("u", CultureInfo.InvariantCulture), p.Reason]));
        terminal.Line($"{parked.Count} parked");
        return Task.FromResult(parked.Count == 0 ? ExitCode.Ok : ExitCode.Finding);
    });

    private static Command Replay() => new Command("replay", "Fold parked records once more: those that this version can read take effect. Exit code 1 when some stay parked.").Runs(async (parsed, terminal, cancellationToken) =>
    {
        var folder = DataFolder.Of(parsed);
        using var live = LiveDoor.Find(parsed);
        if (live is null)
        {
            return ReplayClosed(terminal, folder);
        }

        var (report, fault, exitCode) = await live.SendAsync<ReplayReport>(HttpMethod.Post, "api/v1/projections/parked/replay", null, cancellationToken);
        if (report is null)
        {
            terminal.Error($"mcpledger: {fault}");
            return exitCode;
        }

        terminal.Document(new { report.Replayed, report.Kept, report.Failures });
        foreach (var failure in report.Failures)
        {
            terminal.Line(Terminal.OneLine(failure));
        }

        terminal.Line($"{report.Replayed} replayed, {report.Kept} stay parked");
        return report.Kept == 0 ? ExitCode.Ok : ExitCode.Finding;
    });

    // Nothing folds while no instance runs: what can be read is forgotten here and folded in its place by the rebuild.
    private static int ReplayClosed(Terminal terminal, string folder)
    {
        var (replayed, kept) = Forget(new(folder, TimeProvider.System));
        terminal.Document(new { Replayed = replayed, Kept = kept, Failures = Array.Empty<string>() });
        terminal.Line($"{replayed} can be read now, {kept} stay parked{(replayed > 0 ? "; run 'mcpledger rebuild'" : "")}");
        return kept == 0 ? ExitCode.Ok : ExitCode.Finding;
    }

    private static (int Replayed, int Kept) Forget(ParkingLot lot)
    {
        var all = lot.List();
        var readable = all.Where(p => EventReader.TryRead(lot.Take(p).Bytes.Span, out _, out _)).ToArray();
        foreach (var parked in readable)
        {
            lot.Forget(parked);
        }

        return (readable.Length, all.Count - readable.Length);
    }
}
