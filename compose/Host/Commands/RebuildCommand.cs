using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Projections;
using McpLedger.Projections.Api;
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

    private static Task<int> ReindexAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken) => Doorway.AskLiveAsync<IndexAnswer>(
        parsed,
        terminal,
        door => door.SendLongAsync<IndexAnswer>(HttpMethod.Post, "api/v1/projections/index/rebuild", null, cancellationToken),
        made => terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{made!.Events} events indexed in {made.Seconds:0.0} s; {made.Refused} records were refused and are parked; generation {made.Generation} is in force")));

    private static async Task<int> RunAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        using var live = LiveDoor.Find(parsed);
        var (report, fault, code) = live is not null
            ? await live.SendLongAsync<RebuildAnswer>(HttpMethod.Post, "api/v1/projections/rebuild", null, cancellationToken)
            : await RebuildAsync(DataFolder.Of(parsed), cancellationToken);
        if (report is null)
        {
            terminal.Error($"mcpledger: {fault}");
            return code;
        }

        Show(terminal, report);
        return report.Identical ? ExitCode.Ok : ExitCode.Finding;
    }

    private static Task<DoorAnswer<RebuildAnswer>> RebuildAsync(string folder, CancellationToken cancellationToken) => ClosedReadModels.WithAsync(folder, async (home, files) =>
    {
        return RebuildAnswer.Of(await ProjectionRebuild.RunAsync(home, files, new BlobFolder(folder), new ParkingFolder(folder, TimeProvider.System), TimeProvider.System, cancellationToken));
    });

    private static void Show(Terminal terminal, RebuildAnswer report)
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

        terminal.Line(report.OfVersion is { } version ? $"built anew from version {version}: {report.After}"
            : report.Identical ? $"{(report.Forgotten > 0 || report.Added > 0 ? "the rows now" : "the same rows came back")}: {report.After}"
            : $"THE ROWS DIFFER: {report.Before} before, {report.After} now, in {string.Join(", ", report.Differences)}");
    }
}
