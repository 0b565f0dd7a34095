using McpLedger.Contracts.Events;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Search;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Homes;

/// <summary>The views of a home, as queries ask for them. Limits and cursors were checked before; a page's cursor is <see cref="ViewCursor"/>'s, whatever the home.</summary>
internal interface IViewStore
{
    /// <summary>Version of the views; a home of another version is built anew.</summary>
    int Version { get; }

    /// <summary>The view of that key; null when there is none.</summary>
    ValueTask<TView?> FindAsync<TView>(Fold<TView> fold, string key, CancellationToken cancellationToken)
        where TView : class;

    /// <summary>Calls, the last begun first, then by key from the last.</summary>
    ValueTask<ViewPage<CallView>> CallsAsync(CallFilter filter, CancellationToken cancellationToken);

    /// <summary>Sessions, the last active first, then by key from the last.</summary>
    ValueTask<ViewPage<SessionView>> SessionsAsync(int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>A session with its calls as of a moment: its events up to then, folded; null when nothing had happened.</summary>
    /// <exception cref="InvalidDataException">It has more events up to then than <see cref="SessionMoment.MostEvents"/>, or some are not kept any more.</exception>
    ValueTask<SessionMoment?> SessionAtAsync(string session, DateTimeOffset at, CancellationToken cancellationToken);

    /// <summary>Principals, the last active first, then by key from the last.</summary>
    ValueTask<ViewPage<PrincipalView>> PrincipalsAsync(int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Tools by key; those that were called and never listed come last, since a caller can make as many of them as it likes.</summary>
    ValueTask<ViewPage<ToolView>> ToolsAsync(ToolFilter filter, CancellationToken cancellationToken);

    /// <summary>Findings, the last raised first, then by key from the last.</summary>
    ValueTask<ViewPage<FindingView>> FindingsAsync(FindingFilter filter, CancellationToken cancellationToken);

    /// <summary>API keys by key.</summary>
    ValueTask<ViewPage<KeyView>> KeysAsync(int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Partitions by key; as many as the operator made.</summary>
    ValueTask<IReadOnlyList<PartitionView>> PartitionsAsync(CancellationToken cancellationToken);

    /// <summary>Writers, the last heard of first, then by key from the last.</summary>
    ValueTask<ViewPage<WriterView>> WritersAsync(int limit, string? cursor, CancellationToken cancellationToken);

    /// <summary>Where an event lies in the ledger; null when none of that id was folded.</summary>
    ValueTask<EventPlace?> PlaceOfAsync(EventId id, CancellationToken cancellationToken);

    /// <summary>How far the views are, by partition.</summary>
    ValueTask<IReadOnlyDictionary<string, ViewPosition>> PositionsAsync(CancellationToken cancellationToken);
}

/// <summary>How far the views are in a partition.</summary>
/// <param name="Next">Offset to go on with.</param>
/// <param name="Events">Events folded, second copies too.</param>
/// <param name="Micros">Time of the newest event, microseconds since 1970 UTC; 0 when there is none.</param>
internal readonly record struct ViewPosition(long Next, long Events, long Micros);

/// <summary>Where an event lies in the ledger.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Offset">The offset in it.</param>
internal readonly record struct EventPlace(LedgerPartition Partition, long Offset);
