using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Projections;
using McpLedger.Streaming.Blobs;

namespace McpLedger.Host.Commands;

/// <summary><c>rebuild</c>: folds the whole log anew and compares the rows (I6).</summary>
internal static class RebuildCommand
{
    public static Command Create() => new Command("rebuild", "Fold the whole log anew beside the read models in force, compare the rows by hash, and swap. Exit code 1 when they differ.").Runs(async (parsed, terminal, cancellationToken) =>
    {
        var folder = DataFolder.Of(parsed);
        using var live = LiveDoor.Find(parsed);
        var (report, fault, code) = live is not null
            ? await live.SendLongAsync<Rebuilt>(HttpMethod.Post, "api/v1/projections/rebuild", null, cancellationToken)
            : await RebuildAsync(folder, cancellationToken);
        if (report is null)
        {
            terminal.Error($"mcpledger: {fault}");
            return code;
        }

        Show(terminal, report);
        return report.Identical ? ExitCode.Ok : ExitCode.Finding;
    });

    private static Task<DoorAnswer<Rebuilt>> RebuildAsync(string folder, CancellationToken cancellationToken) => ClosedReadModels.WithAsync(folder, async (home, files) =>
    {
        var report = await ProjectionRebuild.RunAsync(home, files, new BlobFolder(folder), TimeProvider.System, cancellationToken);
        return new Rebuilt(report.Identical, report.Before, report.After, report.Differences, report.Events, report.Unfoldable, report.Forgotten, report.Took.TotalSeconds);
    });

    private static void Show(Terminal terminal, Rebuilt report)
    {
        terminal.Document(report);
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Events} events folded in {report.Seconds:0.0} s; {report.Unfoldable} could not be and are parked"));
        if (report.Forgotten > 0)
        {
            terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Forgotten} events of dropped segments are forgotten; the events that are kept {(report.Identical ? "came back row by row" : "DIFFER")}"));
        }

        terminal.Line(report.Identical ? $"{(report.Forgotten > 0 ? "the rows now" : "the same rows came back")}: {report.After}" : $"THE ROWS DIFFER: {report.Before} before, {report.After} now, in {string.Join(", ", report.Differences)}");
    }

    /// <summary>What a rebuild found, as the API says it.</summary>
    private sealed record Rebuilt(bool Identical, string Before, string After, IReadOnlyList<string> Differences, long Events, long Unfoldable, long Forgotten, double Seconds);
}
