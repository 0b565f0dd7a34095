using System.CommandLine;
using System.Globalization;
using McpLedger.Contracts.Tools;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Projections.Search;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Host.Commands;

/// <summary><c>tools</c>: what the servers offer and say of themselves, and when that changed.</summary>
internal static class ToolsCommand
{
    private const int HashShown = 12;
    private const string ToolName = $"The tool's name; {ServerInstructions.Name} for the server's instructions";

    public static Command Create() => new("tools", "The tool catalogue: definitions as the servers listed them, the servers' instructions, and every change.") { List(), Show(), Diff(), Approve() };

    private static Command List()
    {
        var server = new Option<string?>("--server") { Description = "Only this server's." };
        var changed = new Option<bool>("--changed") { Description = "Only tools that differ from what was pinned." };
        var withheld = new Option<bool>("--withheld") { Description = "Only what waits for an operator: held, or changed at high risk." };
        var limit = new Option<int>("--limit") { Description = $"Tools of a page, 1 to {SearchRequest.MostHits}.", DefaultValueFactory = _ => SearchRequest.MostHits };
        var cursor = CommonOptions.Cursor();
        var command = new Command("list", "List tools by server and name; what was called and never listed comes last.") { server, changed, withheld, limit, cursor };
        return command.Runs((parsed, terminal, cancellationToken) =>
        {
            var filter = new ToolFilter
            {
                Server = parsed.GetValue(server), Changed = parsed.GetValue(changed), Withheld = parsed.GetValue(withheld), Limit = parsed.GetValue(limit), Cursor = parsed.GetValue(cursor),
            };
            return Doorway.AskAsync(parsed, terminal, door => door.ToolsAsync(filter, cancellationToken), page =>
            {
                terminal.Table(["server", "tool", "definition", "state", "first seen", "calls", "failed"], page.Items.Select(RowOf));
                if (page.Items.Count == 0 && filter is { Changed: false, Withheld: false, Cursor: null })
                {
                    terminal.Line("none yet: tools appear once a client has listed them through the gateway");
                }

                terminal.Line($"{page.Items.Count} on this page");
                terminal.More(page.Cursor);
            });
        });
    }

    private static Command Show()
    {
        var (server, tool) = Names();
        var command = new Command("show", "Show a tool's definition and its history.") { server, tool };
        return command.Runs((parsed, terminal, cancellationToken) => Doorway.AskAsync(parsed, terminal, door => door.ToolAsync(parsed.GetValue(server)!, parsed.GetValue(tool)!, cancellationToken), view =>
        {
            terminal.Line(Terminal.OneLine($"{view.Server}/{view.Tool} {view.Definition} ({StateOf(view)})"));
            terminal.Line(Terminal.OneLine(view.Content ?? ""));
            terminal.Table(["time", "step", "definition", "risk", "by", "event"], view.History.Select(s => (IReadOnlyList<string?>)[Time(s.Time), s.Step, Short(s.Definition), s.Risk, s.By, s.Event]));
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
                if (step.Left > 0 || step.Changes.Any(c => c.Cut))
                {
                    terminal.Line($"This is not all of it: {step.Left} further changes, and what stands between ellipses is cut. The event {step.Event} holds the whole.");
                }
            }
        }));
    }

    private static Command Approve()
    {
        var server = new Argument<string>("server") { Description = "The server's name." };
        var tool = new Argument<string?>("tool") { Description = $"{ToolName}; with --all it may be left out.", Arity = ArgumentArity.ZeroOrOne };
        var definition = new Option<string?>("--definition") { Description = "The digest that you read. Default: the one that the server lists now." };
        var all = new Option<bool>("--all") { Description = "Everything of the server that is withheld. Read 'tools list --withheld' first." };
        var command = new Command("approve", "Pin a held or changed definition, so that the tool is listed and can be called, or the instructions reach clients. Read 'tools show' or 'tools diff' first.") { server, tool, definition, all };
        command.Validators.Add(result =>
        {
            if (result.GetValue(all) == result.GetValue(tool) is not null || (result.GetValue(all) && result.GetValue(definition) is not null))
            {
                result.AddError("Name one tool, or give --all alone.");
            }
        });
        return command.Runs(async (parsed, terminal, cancellationToken) =>
        {
            var failed = new List<DoorAnswer<ToolApproved>>();
            var exitCode = await Doorway.AskLiveAsync<IReadOnlyList<ToolApproved>>(
                parsed,
                terminal,
                door => ApproveAsync(door, parsed.GetValue(server)!, parsed.GetValue(tool), parsed.GetValue(definition), failed, cancellationToken),
                approved =>
                {
                    foreach (var one in approved!)
                    {
                        terminal.Line(Terminal.OneLine($"{one.Server}/{one.Tool} is pinned at {Short(one.Definition)}"));
                    }

                    terminal.Line(approved.Count + failed.Count == 0 ? "nothing waits" : $"{approved.Count} approved");
                });
            foreach (var failure in failed)
            {
                terminal.Error($"mcpledger: {failure.Fault}");
            }

            return exitCode == ExitCode.Ok && failed is [var first, ..] ? first.ExitCode : exitCode;
        });
    }

    // One that fails does not keep the others waiting: what came of each is said at the end.
    private static async Task<DoorAnswer<IReadOnlyList<ToolApproved>>> ApproveAsync(
        LiveDoor door, string server, string? tool, string? definition, List<DoorAnswer<ToolApproved>> failed, CancellationToken cancellationToken)
    {
        var read = tool is null ? await WithheldTools.AllAsync(door, server, cancellationToken) : await OneAsync(door, server, tool, cancellationToken);
        var done = new List<ToolApproved>();
        foreach (var view in read.Value ?? [])
        {
            var path = $"api/v1/tools/{Uri.EscapeDataString(server)}/{Uri.EscapeDataString(view.Tool)}/approve";
            var answer = await door.SendAsync<ToolApproved>(HttpMethod.Post, path, new ApprovalRequest(definition ?? view.Definition ?? ""), cancellationToken);
            if (answer.Value is { } approved)
            {
                done.Add(approved);
            }
            else if (tool is null)
            {
                failed.Add(answer with { Fault = $"{server}/{view.Tool}: {answer.Fault}" });
            }
            else
            {
                return new(null, answer.Fault, answer.ExitCode);
            }
        }

        return read.Value is null ? new(null, read.Fault, read.ExitCode) : new(done, null, ExitCode.Ok);
    }

    private static async Task<DoorAnswer<IReadOnlyList<ToolView>>> OneAsync(LiveDoor door, string server, string tool, CancellationToken cancellationToken)
    {
        var (view, fault, exitCode) = await door.ToolAsync(server, tool, cancellationToken);
        return new(view is null ? null : [view], fault, exitCode);
    }

    private static (Argument<string> Server, Argument<string> Tool) Names() => (new("server") { Description = "The server's name." }, new("tool") { Description = $"{ToolName}." });

    private static string?[] RowOf(ToolView tool) =>
        [tool.Server, tool.Tool, Short(tool.Definition), StateOf(tool), tool.FirstSeen is { } seen ? Time(seen) : null, $"{tool.Calls}", $"{tool.Failed}"];

    private static string StateOf(ToolView tool) => tool.Withheld ? $"{tool.State}, withheld" : tool.State;

    private static string? Short(string? digest) => digest?[..Math.Min(HashShown, digest.Length)];

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
