using System.Diagnostics.CodeAnalysis;
using McpLedger.Host.Commands;
using McpLedger.Projections;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Search;
using McpLedger.Projections.ToolCatalog;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Host.Doors;

/// <summary>A ledger that no instance has open, read from its folder. Nothing is written.</summary>
internal sealed class FolderDoor(ProjectionHome home, LedgerQueries queries) : ILedgerDoor
{
    /// <returns>Null when there are no read models in the folder, or none of the ledger that they are of.</returns>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The door owns the home and disposes it.")]
    public static FolderDoor? Open(string dataFolder, TimeProvider time)
    {
        if (!HasLedger(dataFolder))
        {
            return null;
        }

        var files = EmbeddedLedgerFiles.OpenReadOnly(dataFolder, time);
        return ProjectionHome.TryOpenReadOnly(ReadModelsIn(dataFolder), time, out var home) ? new(home, home.Queries(files, time)) : null;
    }

    /// <summary>Whether a folder has the read models of a ledger that is in Kafka.</summary>
    public static bool IsOfKafka(string dataFolder) => Directory.Exists(ReadModelsIn(dataFolder)) && !HasLedger(dataFolder);

    public async Task<DoorAnswer<SearchPage>> SearchAsync(SearchRequest request, CancellationToken cancellationToken) => Answered(await queries.SearchAsync(request, cancellationToken));

    public async Task<DoorAnswer<SessionDetail>> SessionAsync(string id, CancellationToken cancellationToken) =>
        Found(await queries.SessionAsync(id, cancellationToken), "session of that id");

    public async Task<DoorAnswer<ViewPage<CallView>>> CallsAsync(CallFilter filter, CancellationToken cancellationToken) => Answered(await queries.CallsAsync(filter, cancellationToken));

    public async Task<DoorAnswer<ViewPage<ToolView>>> ToolsAsync(ToolFilter filter, CancellationToken cancellationToken) => Answered(await queries.ToolsAsync(filter, cancellationToken));

    public async Task<DoorAnswer<ToolView>> ToolAsync(string server, string tool, CancellationToken cancellationToken) =>
        Found(await queries.ToolAsync(server, tool, cancellationToken), "tool of that name");

    public async Task<DoorAnswer<ViewPage<FindingView>>> FindingsAsync(FindingFilter filter, CancellationToken cancellationToken) => Answered(await queries.FindingsAsync(filter, cancellationToken));

    public async Task<DoorAnswer<FindingView>> FindingAsync(string id, CancellationToken cancellationToken) =>
        Found(Contracts.Events.EventId.TryParse(id, out var finding) ? await queries.FindingAsync(finding, cancellationToken) : null, "finding of that id");

    public async Task<DoorAnswer<ViewPage<KeyView>>> KeysAsync(int limit, string? cursor, CancellationToken cancellationToken) => Answered(await queries.KeysAsync(limit, cursor, cancellationToken));

    public void Dispose() => home.Dispose();

    private static bool HasLedger(string dataFolder) => EmbeddedLedgerFiles.AreIn(dataFolder);

    private static string ReadModelsIn(string dataFolder) => Path.Combine(dataFolder, "readmodels");

    private static DoorAnswer<T> Answered<T>(Answer<T> answer)
        where T : class => answer.Fault is not { } fault ? new(answer.Value, null, ExitCode.Ok) : new(null, $"{fault.Field}: {fault.Detail} Fix: {fault.Fix}", ExitCode.Usage);

    private static DoorAnswer<T> Found<T>(T? value, string what)
        where T : class => value is null ? new(null, $"There is no {what}.", ExitCode.Finding) : new(value, null, ExitCode.Ok);
}
