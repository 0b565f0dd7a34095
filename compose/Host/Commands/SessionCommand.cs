using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Projections.Search;

namespace McpLedger.Host.Commands;

/// <summary><c>session</c>: what happened in one session, in order.</summary>
internal static class SessionCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The session's id, as search and tail --json show it; search 'trace:ID' finds that of a trace." };
        var cursor = CommonOptions.Cursor();
        var command = new Command("session", "Show a session: who, where, and its calls, newest first.") { id, cursor };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(parsed, terminal, door => PageAsync(door, parsed.GetValue(id)!, parsed.GetValue(cursor), cancellationToken), detail =>
        {
            var session = detail.Session;
            terminal.Line(Terminal.OneLine($"{session.Session} ({session.Kind}) of {session.Principal}{(session.Client is null ? "" : $", client {session.Client}")}"));
            terminal.Line(Terminal.OneLine(string.Create(CultureInfo.InvariantCulture, $"{session.First:u} to {session.Last:u}; servers {string.Join(", ", session.Servers)}; tools {string.Join(", ", session.Tools)}")));
            terminal.Table(["started", "call", "server", "name", "outcome", "ms", "reason"], detail.Calls.Items.Select(c => (IReadOnlyList<string?>)
            [
                c.Started.UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture), c.Call, c.Server, c.Name ?? c.Method, c.Outcome,
                c.DurationMicros is { } micros ? (micros / 1000.0).ToString("0.0", CultureInfo.InvariantCulture) : null, c.Reason,
            ]));
            terminal.Line($"{detail.Calls.Items.Count} calls on this page");
            terminal.More(detail.Calls.Cursor);
        }));
    }

    private static async Task<DoorAnswer<SessionDetail>> PageAsync(ILedgerDoor door, string id, string? cursor, CancellationToken cancellationToken)
    {
        var first = await door.SessionAsync(id, cancellationToken);
        if (cursor is null || first.Value is not { } detail)
        {
            return first;
        }

        var (page, fault, exitCode) = await door.CallsAsync(new() { Session = id, Limit = SearchRequest.MostHits, Cursor = cursor }, cancellationToken);
        return page is null ? new(null, fault, exitCode) : new(detail with { Calls = page }, null, ExitCode.Ok);
    }
}
