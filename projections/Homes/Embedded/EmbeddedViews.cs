using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Search;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;
using McpLedger.Streaming;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>The views that lie in SQLite.</summary>
internal sealed class EmbeddedViews(ProjectionHome home, IEventIndex events, ILedgerReader reader) : IViewStore
{
    private const int OneRecord = 1;

    public int Version => Schema.Version;

    public ValueTask<TView?> FindAsync<TView>(Fold<TView> fold, string key, CancellationToken cancellationToken)
        where TView : class => home.ReadAsync(d => ViewReading.Find(d, fold, key), cancellationToken);

    public ValueTask<ViewPage<CallView>> CallsAsync(CallFilter filter, CancellationToken cancellationToken) => home.ReadAsync(d => CallListing.Run(d, filter), cancellationToken);

    public ValueTask<ViewPage<SessionView>> SessionsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.Page(d, SessionFold.Fold, "last", limit, cursor), cancellationToken);

    public async ValueTask<SessionMoment?> SessionAtAsync(string session, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (await FindAsync(SessionFold.Fold, session, cancellationToken) is not { } now)
        {
            return null;
        }

        var plan = new SearchPlan(QueryValues.Micros(now.First), QueryValues.Micros(at), null, new SearchQuery.Is(FieldCatalog.Session, session)) { Limit = SessionMoment.MostEvents, Summary = false };
        var page = await events.SearchAsync(plan, cancellationToken);
        if (page.Cursor is not null)
        {
            throw new InvalidDataException($"The session has more than {SessionMoment.MostEvents} events up to then.");
        }

        var (moment, missing) = (new SessionMoment(), 0);
        foreach (var hit in page.Hits.OrderBy(h => h.Partition, StringComparer.Ordinal).ThenBy(h => h.Offset))
        {
            if (LedgerPartition.TryParse(hit.Partition, out var partition)
                && await reader.ReadAsync(partition, hit.Offset, OneRecord, cancellationToken) is { Records: [var record, ..] }
                && record.Offset == hit.Offset && EventReader.TryRead(record.Bytes.Span, out var read, out _))
            {
                moment.Apply(read!);
            }
            else
            {
                missing++;
            }
        }

        if (missing > 0)
        {
            // Retention dropped them, or they lie in a damaged stretch: less than all would be told as if it were all.
            throw new InvalidDataException($"The ledger does not hold {missing} of the session's {page.Hits.Count} events any more, so what it was then cannot be told.");
        }

        return moment;
    }

    public ValueTask<ViewPage<PrincipalView>> PrincipalsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.Page(d, PrincipalFold.Fold, "last", limit, cursor), cancellationToken);

    public ValueTask<ViewPage<ToolView>> ToolsAsync(ToolFilter filter, CancellationToken cancellationToken) => home.ReadAsync(d => ToolListing.Run(d, filter), cancellationToken);

    public ValueTask<ViewPage<FindingView>> FindingsAsync(FindingFilter filter, CancellationToken cancellationToken) => home.ReadAsync(d => FindingListing.Run(d, filter), cancellationToken);

    public ValueTask<ViewPage<KeyView>> KeysAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.PageByKey(d, KeyFold.Fold, limit, cursor), cancellationToken);

    public ValueTask<IReadOnlyList<PartitionView>> PartitionsAsync(CancellationToken cancellationToken) => home.ReadAsync(d => ViewReading.All(d, PartitionFold.Fold), cancellationToken);

    public ValueTask<ViewPage<WriterView>> WritersAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.Page(d, WriterFold.Fold, "last", limit, cursor), cancellationToken);

    public ValueTask<EventPlace?> PlaceOfAsync(EventId id, CancellationToken cancellationToken) => home.ReadAsync(d => EventTable.PlaceOf(d, id), cancellationToken);

    public ValueTask<IReadOnlyDictionary<string, ViewPosition>> PositionsAsync(CancellationToken cancellationToken) => home.ReadAsync(ViewReading.Positions, cancellationToken);
}
