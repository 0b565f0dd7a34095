using McpLedger.Projections.Calls;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Search;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>The views that lie in SQLite.</summary>
internal sealed class EmbeddedViews(ProjectionHome home) : IViewStore
{
    public int Version => Schema.Version;

    public ValueTask<TView?> FindAsync<TView>(Fold<TView> fold, string key, CancellationToken cancellationToken)
        where TView : class => home.ReadAsync(d => ViewReading.Find(d, fold, key), cancellationToken);

    public ValueTask<ViewPage<CallView>> CallsAsync(CallFilter filter, CancellationToken cancellationToken) => home.ReadAsync(d => CallListing.Run(d, filter), cancellationToken);

    public ValueTask<ViewPage<SessionView>> SessionsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.Page(d, SessionFold.Fold, "last", limit, cursor), cancellationToken);

    public ValueTask<ViewPage<PrincipalView>> PrincipalsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.Page(d, PrincipalFold.Fold, "last", limit, cursor), cancellationToken);

    public ValueTask<IReadOnlyList<ToolView>> ToolsAsync(string? server, bool changed, int most, CancellationToken cancellationToken) => home.ReadAsync(
        d => ViewReading.All(d, ToolFold.Fold, $"WHERE (?1 IS NULL OR server = ?1) AND changed >= {(changed ? 1 : 0)} ORDER BY key LIMIT {most}", server),
        cancellationToken);

    public ValueTask<IReadOnlyList<KeyView>> KeysAsync(int most, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.All(d, KeyFold.Fold, $"ORDER BY key LIMIT {most}", null), cancellationToken);

    public ValueTask<IReadOnlyList<PartitionView>> PartitionsAsync(int most, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.All(d, PartitionFold.Fold, $"ORDER BY key LIMIT {most}", null), cancellationToken);

    public ValueTask<IReadOnlyList<WriterView>> WritersAsync(int most, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.All(d, WriterFold.Fold, $"ORDER BY last DESC, key LIMIT {most}", null), cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, ViewPosition>> PositionsAsync(CancellationToken cancellationToken) => home.ReadAsync(ViewReading.Positions, cancellationToken);
}
