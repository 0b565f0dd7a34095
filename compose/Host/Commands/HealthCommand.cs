using System.CommandLine;
using System.Text;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Host.Running;

namespace McpLedger.Host.Commands;

/// <summary><c>health</c>: asks the instance of this configuration how it is, so that a container needs no other program for its check.</summary>
internal static class HealthCommand
{
    private const int LongestAnswer = 64 * 1024;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Create()
    {
        var ready = new Option<bool>("--ready") { Description = "Ask whether it does its work (/readyz), not only whether it lives (/healthz)." };
        var listens = new Option<bool>("--listens") { Description = "Ask only whether anything answers there: any status will do." };
        var command = new Command("health", "Ask the running instance how it is. Exit code 3 when it does not say that it is well.") { ready, listens };
        return command.Runs((parsed, terminal, cancellationToken) =>
        {
            var instance = LiveDoor.Elsewhere(parsed) is { } url ? new(url, 0, null, "") : RunningInstance.Find(DataFolder.Of(parsed));
            return instance is null ? Task.FromResult(Doorway.NotRunning(terminal, DataFolder.Of(parsed))) : AskAsync(terminal, instance, parsed.GetValue(ready) ? "readyz" : "healthz", parsed.GetValue(listens), cancellationToken);
        });
    }

    private static async Task<int> AskAsync(Terminal terminal, RunningInstance instance, string path, bool anyAnswer, CancellationToken cancellationToken)
    {
        using var client = LocalHttp.Toward(instance, null);
        client.Timeout = Patience;
        try
        {
            using var response = await client.GetAsync(new Uri(path, UriKind.Relative), cancellationToken);
            var said = Encoding.UTF8.GetString(await BoundedBody.ReadAsync(response.Content, LongestAnswer, cancellationToken)).Trim();
            terminal.Document(new { instance.Url, Status = (int)response.StatusCode, Said = said });
            terminal.Line(said);
            return response.IsSuccessStatusCode || anyAnswer ? ExitCode.Ok : ExitCode.Unavailable;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            terminal.Error($"mcpledger: {instance.Url} does not answer: {e.Message}");
            return ExitCode.Unavailable;
        }
    }
}
