using System.CommandLine;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;

namespace McpLedger.Host.Commands;

/// <summary>How verbs come to a ledger: through the instance that runs, else read-only through the folder.</summary>
internal static class Doorway
{
    /// <summary>Asks whichever door is open and shows the answer.</summary>
    public static async Task<int> AskAsync<T>(ParseResult parsed, Terminal terminal, Func<ILedgerDoor, Task<DoorAnswer<T>>> ask, Action<T> show)
        where T : class
    {
        using var live = LiveDoor.Find(parsed);
        if (live is not null)
        {
            return Show(terminal, await ask(live), show);
        }

        var folder = DataFolder.Of(parsed);
        using var door = FolderDoor.Open(folder, TimeProvider.System);
        return door is null ? Nothing(terminal, folder) : Show(terminal, await ask(door), show);
    }

    /// <summary>Asks for what only a running instance does.</summary>
    public static async Task<int> AskLiveAsync<T>(ParseResult parsed, Terminal terminal, Func<LiveDoor, Task<DoorAnswer<T>>> ask, Action<T?> show)
        where T : class
    {
        using var door = LiveDoor.Find(parsed);
        return door is null ? NotRunning(terminal, DataFolder.Of(parsed)) : Show(terminal, await ask(door), show);
    }

    public static int NotRunning(Terminal terminal, string folder) =>
        Unavailable(terminal, $"no instance has the ledger in {folder} open, and this needs one. Fix: start it with 'mcpledger up', name its folder with --data, or name the API's address with --api.");

    private static int Nothing(Terminal terminal, string folder) => Unavailable(terminal, FolderDoor.IsOfKafka(folder)
        ? $"the read models in {folder} are of a ledger in Kafka, which only an instance reads beside them. Fix: start 'mcpledger up --role projections', or name the API's address with --api."
        : $"there is no ledger in {folder}, or nothing was recorded yet. Fix: start 'mcpledger up', or name the folder with --data.");

    private static int Unavailable(Terminal terminal, string fault)
    {
        terminal.Error($"mcpledger: {fault}");
        return ExitCode.Unavailable;
    }

    private static int Show<T>(Terminal terminal, DoorAnswer<T> answer, Action<T> show)
        where T : class
    {
        if (answer.Fault is { } fault)
        {
            terminal.Error($"mcpledger: {fault}");
            return answer.ExitCode;
        }

        if (answer.Value is { } value)
        {
            terminal.Document(value);
        }

        show(answer.Value!);
        return ExitCode.Ok;
    }
}
