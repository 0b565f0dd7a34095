using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Projections;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Parking;

namespace McpLedger.Host.Commands;

/// <summary><c>rebuild</c>: folds the whole log anew and compares the rows (I6).</summary>
internal static class RebuildCommand
{
    public static Command Create()
    {
        var index = new Option<bool>("--index") { Description = "Build the search engine's index anew instead, beside the one in force, in the running instance." };
        var command = new Command("rebuild", "Fold the whole log anew beside the read models in force, compare the rows by hash, and swap. Exit code 1 when they differ.") { index };
        return command.Runs((parsed, terminal, cancellationToken) => parsed.GetValue(index) ? ReindexAsync(parsed, terminal, cancellationToken) : RunAsync(parsed, terminal, cancellationToken));
    }

    private static Task<int> ReindexAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken) => Doorway.AskLiveAsync<Reindexed>(
        parsed,
        terminal,
        door => door.SendLongAsync<Reindexed>(HttpMethod.Post, "api/v1/projections/index/rebuild", null, cancellationToken),
        made => terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{made!.Events} events indexed in {made.Seconds:0.0} s; {made.Refused} records were refused and are parked; generation {made.Generation} is in force")));

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        using var live = LiveDoor.Find(parsed);
        var (report, fault, code) = live is not null
            ? await live.SendLongAsync<Rebuilt>(HttpMethod.Post, "api/v1/projections/rebuild", null, cancellationToken)
            : await RebuildAsync(DataFolder.Of(parsed), cancellationToken);
        if (report is null)
        {
            terminal.Error($"mcpledger: {fault}");
            return code;
        }

        Show(terminal, report);
        return report.Identical ? ExitCode.Ok : ExitCode.Finding;
    }

    private static Task<DoorAnswer<Rebuilt>> RebuildAsync(string folder, CancellationToken cancellationToken) => ClosedReadModels.WithAsync(folder, async (home, files) =>
    {
        var report = await ProjectionRebuild.RunAsync(home, files, new BlobFolder(folder), new ParkingFolder(folder, TimeProvider.System), TimeProvider.System, cancellationToken);
        return new Rebuilt(report.Identical, report.Before, report.After, report.Differences, report.Events, report.Unfoldable, report.Forgotten, report.Took.TotalSeconds, report.Added);
    });

    private static void Show(Terminal terminal, Rebuilt report)
    {
        terminal.Document(report);
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Events} events folded in {report.Seconds:0.0} s; {report.Unfoldable} could not be and are parked"));
        if (report.Forgotten > 0)
        {
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Forgotten} events of dropped segments are forgotten; the events that are kept {(report.Identical ? "came back row by row" : "DIFFER")}"));
        }

        if (report.Added > 0)
        {
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Added} of them came behind the read models before: there was nothing to compare them with"));
        }

        terminal.Line(report.Identical ? $"{(report.Forgotten > 0 || report.Added > 0 ? "the rows now" : "the same rows came back")}: {report.After}" : $"THE ROWS DIFFER: {report.Before} before, {report.After} now, in {string.Join(", ", report.Differences)}");
    }

    /// <summary>What building the index anew came to, as the API says it.</summary>
    private sealed record Reindexed(int Generation, long Events, long Refused, double Seconds);

    /// <summary>What a rebuild found, as the API says it.</summary>
    private sealed record Rebuilt(bool Identical, string Before, string After, IReadOnlyList<string> Differences, long Events, long Unfoldable, long Forgotten, double Seconds, long Added);
}
