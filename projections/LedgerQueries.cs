using McpLedger.Contracts.Events;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Search;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;
using McpLedger.Streaming;

namespace McpLedger.Projections;

/// <summary>The one door to what was recorded: the HTTP API, the command line, and whatever comes after ask here and nowhere else.</summary>
/// <param name="home">The read models.</param>
/// <param name="reader">The ledger, for the events themselves.</param>
/// <param name="time">What <c>now</c> means in queries.</param>
public sealed class LedgerQueries(ProjectionHome home, ILedgerReader reader, TimeProvider time)
{
    private const int MostMessages = 200;
    private const int MostViews = 1_000;
    private const int OneRecord = 1;

    /// <summary>Searches events.</summary>
    public async ValueTask<Answer<SearchPage>> SearchAsync(SearchRequest request, CancellationToken cancellationToken)
    {
        var (plan, fault) = SearchPlan.Of(request, time.GetUtcNow());
        return plan is null ? new(null, fault) : new(await home.ReadAsync(d => EventSearch.Run(d, plan, request.Limit, request.Summary), cancellationToken), null);
    }

    /// <summary>Lists calls, newest first.</summary>
    public async ValueTask<Answer<ViewPage<CallView>>> CallsAsync(CallFilter filter, CancellationToken cancellationToken) =>
        ViewReading.FaultOf(filter.Limit, filter.Cursor) is { } fault ? new(null, fault) : new(await home.ReadAsync(d => CallListing.Run(d, filter), cancellationToken), null);

    /// <summary>A call with its events; null when there is none of that id.</summary>
    public ValueTask<CallDetail?> CallAsync(EventId call, CancellationToken cancellationToken) => home.ReadAsync(
        d => ViewReading.Find(d, CallFold.Fold, call.ToString()) is not { } view ? null
            : new CallDetail(
                view,
                [.. new[] { view.IntendedEvent, view.RefusedEvent, view.CompletedEvent }.OfType<string>().Select(e => HitOf(d, e)).OfType<Hit>()],
                MessagesOf(d, view.Call)),
        cancellationToken);

    /// <summary>Lists sessions, the last active first.</summary>
    public ValueTask<Answer<ViewPage<SessionView>>> SessionsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        ListAsync(SessionFold.Fold, limit, cursor, cancellationToken);

    /// <summary>A session and a page of its calls; null when there is none of that id.</summary>
    public ValueTask<SessionDetail?> SessionAsync(string session, CancellationToken cancellationToken) => home.ReadAsync(
        d => ViewReading.Find(d, SessionFold.Fold, session) is { } view ? new SessionDetail(view, CallListing.Run(d, new() { Session = session, Limit = SearchRequest.MostHits })) : null,
        cancellationToken);

    /// <summary>Lists principals, the last active first.</summary>
    public ValueTask<Answer<ViewPage<PrincipalView>>> PrincipalsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        ListAsync(PrincipalFold.Fold, limit, cursor, cancellationToken);

    /// <summary>Lists the tool catalogue by server and name; the first 1,000.</summary>
    /// <param name="server">Only this server's; null for all.</param>
    /// <param name="changed">Only tools that differ from what was pinned.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public ValueTask<IReadOnlyList<ToolView>> ToolsAsync(string? server, bool changed, CancellationToken cancellationToken) => home.ReadAsync(
        d => ViewReading.All(d, ToolFold.Fold, $"WHERE (?1 IS NULL OR server = ?1) AND changed >= {(changed ? 1 : 0)} ORDER BY key LIMIT {MostViews}", server),
        cancellationToken);

    /// <summary>A tool with the history of its definition; null when there is none.</summary>
    public ValueTask<ToolView?> ToolAsync(string server, string tool, CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.Find(d, ToolFold.Fold, ToolFold.KeyOf(server, tool)), cancellationToken);

    /// <summary>Lists API keys, revoked ones too; the first 1,000.</summary>
    public ValueTask<IReadOnlyList<KeyView>> KeysAsync(CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.All(d, KeyFold.Fold, $"ORDER BY key LIMIT {MostViews}", null), cancellationToken);

    /// <summary>How each partition is kept: checkpoints, faults, dropped segments.</summary>
    public ValueTask<IReadOnlyList<PartitionView>> PartitionsAsync(CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.All(d, PartitionFold.Fold, $"ORDER BY key LIMIT {MostViews}", null), cancellationToken);

    /// <summary>Who writes or wrote, the last heard of first; the first 1,000.</summary>
    public ValueTask<IReadOnlyList<WriterView>> WritersAsync(CancellationToken cancellationToken) =>
        home.ReadAsync(d => ViewReading.All(d, WriterFold.Fold, $"ORDER BY last DESC, key LIMIT {MostViews}", null), cancellationToken);

    /// <summary>Where an event lies and what it is about; null when there is none of that id.</summary>
    public ValueTask<Hit?> EventAsync(EventId id, CancellationToken cancellationToken) => home.ReadAsync(d => HitOf(d, id.ToString()), cancellationToken);

    /// <summary>The exact stored bytes of an event (I3); null when there is none of that id, or the ledger does not keep it any more.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> EventBytesAsync(EventId id, CancellationToken cancellationToken)
    {
        if (await EventAsync(id, cancellationToken) is not { } hit || !LedgerPartition.TryParse(hit.Partition, out var partition))
        {
            return null;
        }

        var bounds = await reader.BoundsAsync(partition, cancellationToken);
        if (hit.Offset < bounds.First)
        {
            return null;
        }

        var batch = await reader.ReadAsync(partition, hit.Offset, OneRecord, cancellationToken);
        return batch.Records is [var record, ..] && EventReader.TryReadChain(record.Bytes.Span, out _, out var found) && found == id ? record.Bytes : null;
    }

    /// <summary>How far the read models are behind the ledger.</summary>
    public async ValueTask<ProjectionStatus> StatusAsync(CancellationToken cancellationToken)
    {
        var positions = await home.ReadAsync(ViewReading.Positions, cancellationToken);
        var partitions = new List<PartitionStatus>();
        foreach (var partition in reader.Partitions)
        {
            var (next, events, micros) = positions.GetValueOrDefault(partition.ToString());
            var bounds = await reader.BoundsAsync(partition, cancellationToken);
            DateTimeOffset? newest = micros > 0 ? DateTimeOffset.UnixEpoch.AddMicroseconds(micros) : null;
            partitions.Add(new(partition.ToString(), next, bounds.End, Math.Max(0, bounds.End - next), events, newest, (time.GetUtcNow() - newest)?.TotalSeconds));
        }

        return new(Schema.Version, partitions);
    }

    private async ValueTask<Answer<ViewPage<TView>>> ListAsync<TView>(Folds.Fold<TView> fold, int limit, string? cursor, CancellationToken cancellationToken)
        where TView : class =>
        ViewReading.FaultOf(limit, cursor) is { } fault ? new(null, fault) : new(await home.ReadAsync(d => ViewReading.Page(d, fold, "last", limit, cursor), cancellationToken), null);

    private static Hit? HitOf(SqliteDatabase database, string id)
    {
        var row = database.Kept(EventSearch.SelectHits("e.id = ?1")).Bind(1, Guid.Parse(id).ToByteArray(bigEndian: true));
        var hit = row.Step() ? EventSearch.HitOf(row) : null;
        row.Reset();
        return hit;
    }

    private static List<Hit> MessagesOf(SqliteDatabase database, string call)
    {
        using var rows = database.Prepare(EventSearch.SelectHits($"e.call = ?1 AND e.type = 'message.relayed.v1' ORDER BY e.row LIMIT {MostMessages}"));
        rows.Bind(1, call);
        var hits = new List<Hit>();
        while (rows.Step())
        {
            hits.Add(EventSearch.HitOf(rows));
        }

        return hits;
    }
}
