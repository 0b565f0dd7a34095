using System.CommandLine;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Projections.Search;
using McpLedger.Projections.Tail;

namespace McpLedger.Host.Commands;

/// <summary><c>tail</c>: follows what is recorded, as it is.</summary>
internal static class TailCommand
{
    public static Command Create()
    {
        var query = new Argument<string>("query") { Description = "Only events that match; the language of 'search'.", DefaultValueFactory = _ => "" };
        var housekeeping = new Option<bool>("--housekeeping") { Description = "Also heartbeats, checkpoints and writers' starts and stops." };
        var command = new Command("tail", "Follow the ledger of the running instance; with --json one line an event.") { query, housekeeping };
        return command.Runs(async (parsed, terminal, cancellationToken) =>
        {
            using var door = LiveDoor.Find(parsed);
            return door is null
                ? Doorway.NotRunning(terminal, DataFolder.Of(parsed))
                : await FollowAsync(door, $"api/v1/tail?q={Uri.EscapeDataString(parsed.GetValue(query)!)}&housekeeping={(parsed.GetValue(housekeeping) ? "true" : "false")}", terminal, cancellationToken);
        });
    }

    private static async Task<int> FollowAsync(LiveDoor door, string path, Terminal terminal, CancellationToken cancellationToken)
    {
        await using var output = Terminal.Pipe();
        try
        {
            var (stream, fault, exitCode) = await door.StreamAsync(path, cancellationToken);
            if (stream is null)
            {
                terminal.Error($"mcpledger: {fault}");
                return exitCode;
            }

            await using var following = stream;
            await foreach (var item in SseParser.Create(following, Read).EnumerateAsync(cancellationToken))
            {
                if (item.Data is TailEnd end)
                {
                    terminal.Error($"mcpledger: {end.Reason.TrimEnd('.')}. Fix: {end.Fix}.");
                    return ExitCode.Unavailable;
                }

                if (item.Data is Hit hit && !await TryWriteAsync(output, terminal.IsJson ? JsonSerializer.Serialize(hit, JsonLine) : LineOf(hit), cancellationToken))
                {
                    return ExitCode.Ok;
                }
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            terminal.Error($"mcpledger: {e.Message}");
            return ExitCode.Unavailable;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Ok;
        }

        return ExitCode.Ok;
    }

    /// <returns>False when nobody reads any more, as behind <c>head</c>.</returns>
    private static async Task<bool> TryWriteAsync(TextWriter output, string line, CancellationToken cancellationToken)
    {
        try
        {
            await output.WriteLineAsync(line.AsMemory(), cancellationToken);
            return true;
        }
        catch (IOException e) when (e.HResult is BrokenPipe or WindowsBrokenPipe or WindowsNoPipe)
        {
            return false;
        }
    }

    private const int BrokenPipe = 32;
    private const int WindowsBrokenPipe = unchecked((int)0x8007006D);
    private const int WindowsNoPipe = unchecked((int)0x800700E8);

    private static object? Read(string type, ReadOnlySpan<byte> data) => type switch
    {
        "event" => JsonSerializer.Deserialize<Hit>(data, Terminal.JsonForm),
        "ended" => JsonSerializer.Deserialize<TailEnd>(data, Terminal.JsonForm),
        _ => null,
    };

    private static JsonSerializerOptions JsonLine { get; } = new(Terminal.JsonForm) { WriteIndented = false };

    private static string LineOf(Hit hit) => Terminal.OneLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{hit.Time.UtcDateTime:HH:mm:ss.fff} {hit.Type,-19} {hit.Principal,-14} {hit.Server}/{hit.Name ?? hit.Method} {hit.Outcome ?? hit.Verdict} {(hit.DurationMicros is { } micros ? $"{micros / 1000.0:0.0} ms" : "")}"));
}
