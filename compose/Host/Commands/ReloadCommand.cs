using System.CommandLine;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary><c>reload</c>: the running instance takes its changed configuration file.</summary>
internal static class ReloadCommand
{
    public static Command Create() => new Command("reload", "Make the running instance take its changed configuration. A file with a fault changes nothing.").Runs((parsed, terminal, cancellationToken) =>
        Doorway.AskLiveAsync<ReloadOutcome>(parsed, terminal, door => door.SendAsync<ReloadOutcome>(HttpMethod.Post, "api/v1/reload", null, cancellationToken), outcome =>
        {
            terminal.Line($"in force: {string.Join(", ", outcome!.Servers)}");
            foreach (var key in outcome.NeedsRestart)
            {
                terminal.Line($"takes effect at the next start only: {key}");
            }
        }));
}
