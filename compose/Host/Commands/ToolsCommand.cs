using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Host.Commands;

/// <summary><c>tools</c>: what the servers offer, and when that changed.</summary>
internal static class ToolsCommand
{
    private const int HashShown = 12;

    public static Command Create() => new("tools", "The tool catalogue: definitions as the servers listed them, and every change.") { List(), Show(), Diff(), Approve() };

    private static Command List()
    {
        var server = new Option<string?>("--server") { Description = "Only this server's." };
        var changed = new Option<bool>("--changed") { Description = "Only tools that differ from what was pinned." };
        var command = new Command("list", "List tools.") { server, changed };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(
            parsed,
            terminal,
            door => door.ToolsAsync(parsed.GetValue(server), parsed.GetValue(changed), cancellationToken),
            tools => terminal.Table(["server", "tool", "definition", "state", "first seen", "calls", "failed"], tools.Select(RowOf))));
    }

    private static Command Show()
    {
        var (server, tool) = Names();
        var command = new Command("show", "Show a tool's definition and its history.") { server, tool };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(parsed, terminal, door => door.ToolAsync(parsed.GetValue(server)!, parsed.GetValue(tool)!, cancellationToken), view =>
        {
            terminal.Line($"{view.Server}/{view.Tool} {view.Definition} ({StateOf(view)})");
            terminal.Line(Terminal.OneLine(view.Content ?? ""));
            terminal.Table(["time", "step", "definition", "risk", "event"], view.History.Select(s => (IReadOnlyList<string?>)[Time(s.Time), s.Step, Short(s.Definition), s.Risk, s.Event]));
        }));
    }

    private static Command Diff()
    {
        var (server, tool) = Names();
        var command = new Command("diff", "Show what changed in a tool's definition, field by field.") { server, tool };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(parsed, terminal, door => door.ToolAsync(parsed.GetValue(server)!, parsed.GetValue(tool)!, cancellationToken), view =>
        {
            var changes = view.History.Where(s => s.Changes.Count > 0).ToArray();
            if (changes.Length == 0)
            {
                terminal.Line("It never changed.");
            }

            foreach (var step in changes)
            {
                terminal.Line($"{Time(step.Time)} {Short(step.Previous)} -> {Short(step.Definition)}, risk {step.Risk}");
                terminal.Table(["field", "risk", "before", "after"], step.Changes.Select(c => (IReadOnlyList<string?>)[c.Path, c.Risk, c.Before, c.After]));
            }
        }));
    }

    private static Command Approve()
    {
        var (server, tool) = Names();
        var definition = new Option<string?>("--definition") { Description = "The digest that you read. Default: the one that the server lists now." };
        var command = new Command("approve", "Pin a changed definition, so that the tool is listed and can be called again. Read 'tools diff' first.") { server, tool, definition };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskLiveAsync<ToolApproved>(
            parsed,
            terminal,
            async door =>
            {
                var (name, path) = (parsed.GetValue(server)!, $"api/v1/tools/{Uri.EscapeDataString(parsed.GetValue(server)!)}/{Uri.EscapeDataString(parsed.GetValue(tool)!)}/approve");
                var read = await door.ToolAsync(name, parsed.GetValue(tool)!, cancellationToken);
                return read.Value is { } view
                    ? await door.SendAsync<ToolApproved>(HttpMethod.Post, path, new ApprovalRequest(parsed.GetValue(definition) ?? view.Definition ?? ""), cancellationToken)
                    : new(null, read.Fault, read.ExitCode);
            },
            approved => terminal.Line($"{approved!.Server}/{approved.Tool} is pinned at {Short(approved.Definition)}")));
    }

    private static (Argument<string> Server, Argument<string> Tool) Names() => (new("server") { Description = "The server's name." }, new("tool") { Description = "The tool's name." });

    private static string?[] RowOf(ToolView tool) =>
        [tool.Server, tool.Tool, Short(tool.Definition), StateOf(tool), tool.FirstSeen is { } seen ? Time(seen) : null, $"{tool.Calls}", $"{tool.Failed}"];

    private static string StateOf(ToolView tool) => tool.Definition is null ? "never listed" : tool.Changed ? "changed" : "pinned";

    private static string? Short(string? digest) => digest?[..Math.Min(HashShown, digest.Length)];

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
