using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Search;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Host.Doors;

/// <summary>What verbs ask of a ledger, whether an instance has it open or it only lies in a folder.</summary>
internal interface ILedgerDoor : IDisposable
{
    Task<DoorAnswer<SearchPage>> SearchAsync(SearchRequest request, CancellationToken cancellationToken);

    Task<DoorAnswer<SessionDetail>> SessionAsync(string id, CancellationToken cancellationToken);

    Task<DoorAnswer<ViewPage<CallView>>> CallsAsync(CallFilter filter, CancellationToken cancellationToken);

    Task<DoorAnswer<ViewPage<ToolView>>> ToolsAsync(ToolFilter filter, CancellationToken cancellationToken);

    Task<DoorAnswer<ToolView>> ToolAsync(string server, string tool, CancellationToken cancellationToken);

    Task<DoorAnswer<ViewPage<FindingView>>> FindingsAsync(FindingFilter filter, CancellationToken cancellationToken);

    Task<DoorAnswer<FindingView>> FindingAsync(string id, CancellationToken cancellationToken);

    Task<DoorAnswer<ViewPage<KeyView>>> KeysAsync(int limit, string? cursor, CancellationToken cancellationToken);
}

/// <summary>An answer, or why there is none.</summary>
/// <param name="Value">The answer; null when there is a fault.</param>
/// <param name="Fault">What is wrong and what to do.</param>
/// <param name="ExitCode">What the process says then.</param>
internal readonly record struct DoorAnswer<T>(T? Value, string? Fault, int ExitCode)
    where T : class;
