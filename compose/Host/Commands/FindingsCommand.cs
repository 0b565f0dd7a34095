using System.CommandLine;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Host.Access;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Projections.Findings;
using McpLedger.Stages.Detection;

namespace McpLedger.Host.Commands;

/// <summary><c>findings</c>: what detectors found, and what becomes of it.</summary>
internal static class FindingsCommand
{
    public static Command Create() => new("findings", "What detectors found: list, show, confirm, reject; and release whom a finding stopped.")
    {
        List(), Show(), Review("confirm", FindingReviewed.Confirmed, "Say that a finding is what it says."), Review("reject", FindingReviewed.Rejected, "Say that a finding is a false alarm."), Release(), Labels(),
    };

    private static Command List()
    {
        var state = new Option<string?>("--state") { Description = "open, confirmed or rejected." };
        state.AcceptOnlyFromAmong("open", FindingReviewed.Confirmed, FindingReviewed.Rejected);
        var detector = new Option<string?>("--detector") { Description = "Only this detector's, such as injection, loop or hijack." };
        var severity = new Option<string?>("--severity") { Description = "low, medium, high or critical." };
        severity.AcceptOnlyFromAmong("low", "medium", "high", "critical");
        var session = new Option<string?>("--session") { Description = "Only this session's." };
        var principal = new Option<string?>("--principal") { Description = "Only this principal's." };
        var from = CommonOptions.Time("--from", "Earliest time, ISO 8601 or now-1h; UTC where no offset is written.");
        var to = CommonOptions.Time("--to", "Latest time, ISO 8601 or now-1h; UTC where no offset is written.");
        var limit = new Option<int>("--limit") { Description = "Findings of a page, 1 to 200.", DefaultValueFactory = _ => 50 };
        var cursor = CommonOptions.Cursor();
        var command = new Command("list", "List findings, newest first.") { state, detector, severity, session, principal, from, to, limit, cursor };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(
            parsed,
            terminal,
            door => door.FindingsAsync(
                new()
                {
                    State = parsed.GetValue(state), Detector = parsed.GetValue(detector), Severity = parsed.GetValue(severity), Session = parsed.GetValue(session), Principal = parsed.GetValue(principal),
                    From = parsed.GetValue(from), To = parsed.GetValue(to), Limit = parsed.GetValue(limit), Cursor = parsed.GetValue(cursor),
                },
                cancellationToken),
            page =>
            {
                terminal.Table(["finding", "raised", "severity", "detector", "principal", "tool", "state", "what"], page.Items.Select(RowOf));
                terminal.Line($"{page.Items.Count} on this page");
                terminal.More(page.Cursor);
            }));
    }

    private static Command Show()
    {
        var id = Id();
        var command = new Command("show", "Show a finding.") { id };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(parsed, terminal, door => door.FindingAsync(parsed.GetValue(id)!, cancellationToken), view =>
        {
            terminal.Line($"{view.Finding} {view.Severity} {view.Rule ?? view.Detector} ({view.State}), {Time(view.Raised)}");
            terminal.Line(Terminal.OneLine(view.Explanation));
            terminal.Table(["what", "value"], Lines(view).Where(line => line.Value is not null).Select(line => (IReadOnlyList<string?>)[line.Name, line.Value]));
        }));
    }

    private static Command Review(string name, string verdict, string description)
    {
        var id = Id();
        var note = new Option<string?>("--note") { Description = "Why, in your words." };
        var command = new Command(name, description + " The last judgement counts; it is a label to train with.") { id, note };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskLiveAsync<FindingJudged>(
            parsed,
            terminal,
            door => door.SendAsync<FindingJudged>(HttpMethod.Post, $"api/v1/findings/{Uri.EscapeDataString(parsed.GetValue(id)!)}/review", new ReviewRequest(verdict, parsed.GetValue(note)), cancellationToken),
            judged => terminal.Line($"{judged!.Finding} is {judged.Verdict} by {judged.By}")));
    }

    private static Command Release()
    {
        var principal = new Argument<string>("principal") { Description = "Who may go on." };
        var client = new Option<string?>("--client") { Description = "Only what was stopped for this client." };
        var session = new Option<string?>("--session") { Description = "Only what was stopped for this session." };
        var reason = new Option<string?>("--reason") { Description = "Why, in your words." };
        var command = new Command("release", "Lift stops and throttles of a principal, at every gateway. Exit code 1: recorded, and nothing was held, as far as the gateway there has read.") { principal, client, session, reason };
        return command.Runs(async (parsed, terminal, cancellationToken) =>
        {
            bool? wasHeld = null;
            var exitCode = await Doorway.AskLiveAsync<PrincipalFreed>(
                parsed,
                terminal,
                door => door.SendAsync<PrincipalFreed>(
                    HttpMethod.Post, "api/v1/principals/release", new ReleaseRequest(parsed.GetValue(principal)!, parsed.GetValue(client), parsed.GetValue(session), parsed.GetValue(reason)), cancellationToken),
                freed =>
                {
                    wasHeld = freed!.WasHeld;
                    terminal.Line(Terminal.OneLine($"The release of {freed.Principal} is recorded. {freed.Held}"));
                });
            return exitCode == ExitCode.Ok && wasHeld == false ? ExitCode.Finding : exitCode;
        });
    }

    private static Command Labels()
    {
        var file = new Argument<string>("file") { Description = "The file of JSON lines to write: for 'mcpledger detectors train --labels FILE'." };
        var command = new Command("labels", "Write judged findings of instructions with their texts, definitions of tools among them: confirmed ones as attacks, rejected ones as harmless. Reads the ledger, in its folder or in Kafka.") { file };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            await using var ledger = RecordedLedger.Open(parsed, terminal, out var code);
            if (ledger is null)
            {
                return code;
            }

            var path = Path.GetFullPath(parsed.GetValue(file)!);
            using var output = new MemoryStream();
            var count = await LabelExport.RunAsync(ledger.Reader, ledger.Blobs, output, cancellationToken);
            PrivateFile.Write(path, output.GetBuffer().AsSpan(0, (int)output.Length));
            terminal.Document(new { File = path, count.Written, count.Lost });
            terminal.Line($"{count.Written} rows in {path}; the texts of {count.Lost} judged findings are not kept any more");
            return ExitCode.Ok;
        });
    }

    private static Argument<string> Id() => new("id") { Description = "The finding's id." };

    private static IEnumerable<(string Name, string? Value)> Lines(FindingView view) =>
    [
        ("call", view.Call), ("further calls", view.Calls.Count == 0 ? null : string.Join(' ', view.Calls)), ("session", view.Session), ("principal", view.Principal), ("client", view.Client),
        ("server", view.Server), ("tool", view.Tool), ("channel", view.Channel),
        ("score", view.Score is { } score ? string.Create(CultureInfo.InvariantCulture, $"{score.Value:0.000}, threshold {score.Threshold:0.000}, {score.Model} {score.Digest[..12]}") : null),
        ("where", view.Spans.Count == 0 ? null : string.Join(' ', view.Spans.Select(span => $"{span.Path}@{span.Start}+{span.Length}"))),
        ("effects", view.Effects.Count == 0 ? null : string.Join(' ', view.Effects)), ("text", view.Text),
        ("judged", view.ReviewedBy is null ? null : $"{view.State} by {view.ReviewedBy} {(view.Reviewed is { } at ? Time(at) : "")}"), ("note", view.Note),
    ];

    private static string?[] RowOf(FindingView view) =>
        [view.Finding, Time(view.Raised), view.Severity, view.Rule ?? view.Detector, view.Principal, view.Server is null ? null : $"{view.Server}/{view.Tool}", view.State, Terminal.OneLine(view.Explanation)];

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
