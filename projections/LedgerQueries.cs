using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Homes;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Search;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;
using McpLedger.Streaming;

namespace McpLedger.Projections;

/// <summary>The one door to what was recorded: the HTTP API, the command line, and whatever comes after ask here and nowhere else.</summary>
public sealed class LedgerQueries
{
    private const int MostMessages = 200;
    private const int OneRecord = 1;
    private static readonly Dictionary<Digest, ReadOnlyMemory<byte>> NoBlobs = [];
    private readonly IViewStore _views;
    private readonly IEventIndex _events;
    private readonly ILedgerReader _reader;
    private readonly TimeProvider _time;

    /// <param name="views">The read models.</param>
    /// <param name="events">The index of events.</param>
    /// <param name="reader">The ledger, for the events themselves.</param>
    /// <param name="time">What <c>now</c> means in queries.</param>
    internal LedgerQueries(IViewStore views, IEventIndex events, ILedgerReader reader, TimeProvider time)
    {
        (_views, _events, _reader, _time) = (views, events, reader, time);
    }

    /// <summary>Searches events.</summary>
    public async ValueTask<Answer<SearchPage>> SearchAsync(SearchRequest request, CancellationToken cancellationToken)
    {
        var (plan, fault) = SearchPlan.Of(request, _time.GetUtcNow());
        return plan is null ? new(null, fault) : new(await _events.SearchAsync(plan, cancellationToken), null);
    }

    /// <summary>Whether the query asks for words or digests of payloads, which not everybody may see who sees what events are about. One that cannot be read asks for nothing.</summary>
    public bool AsksForPayloads(string query) => QueryParser.TryParse(query, _time.GetUtcNow(), out var read, out _) && SearchPlan.AsksForPayloads(read);

    /// <summary>Lists calls, newest first.</summary>
    public async ValueTask<Answer<ViewPage<CallView>>> CallsAsync(CallFilter filter, CancellationToken cancellationToken) =>
        ViewCursor.FaultOf(filter.Limit, filter.Cursor) is { } fault ? new(null, fault) : new(await EndedAsync(filter, cancellationToken), null);

    /// <summary>A call with its events; null when there is none of that id.</summary>
    public async ValueTask<CallDetail?> CallAsync(EventId call, CancellationToken cancellationToken)
    {
        if (await _views.FindAsync(CallFold.Fold, call.ToString(), cancellationToken) is not { } found)
        {
            return null;
        }

        var view = await LateAnswerFold.EndAsync(found, key => _views.FindAsync(LateAnswerFold.Fold, key, cancellationToken));

        var events = new List<Hit>();
        foreach (var id in new[] { view.IntendedEvent, view.RefusedEvent, view.CompletedEvent }.OfType<string>())
        {
            if (EventId.TryParse(id, out var read) && await EventAsync(read, cancellationToken) is { } hit)
            {
                events.Add(hit);
            }
        }

        return new(view, events, await _events.MessagesAsync(view.Call, MostMessages, cancellationToken));
    }

    /// <summary>Lists sessions, the last active first.</summary>
    public async ValueTask<Answer<ViewPage<SessionView>>> SessionsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        ViewCursor.FaultOf(limit, cursor) is { } fault ? new(null, fault) : new(await _views.SessionsAsync(limit, cursor, cancellationToken), null);

    /// <summary>A session and a page of its calls; null when there is none of that id.</summary>
    public async ValueTask<SessionDetail?> SessionAsync(string session, CancellationToken cancellationToken) =>
        await _views.FindAsync(SessionFold.Fold, session, cancellationToken) is { } view
            ? new(view, await EndedAsync(new() { Session = session, Limit = SearchRequest.MostHits }, cancellationToken))
            : null;

    /// <summary>A session and its last calls as they were at a moment; neither answer nor fault when there was none.</summary>
    public async ValueTask<Answer<SessionDetail>> SessionAtAsync(string session, DateTimeOffset at, CancellationToken cancellationToken)
    {
        try
        {
            var moment = await _views.SessionAtAsync(session, at, cancellationToken);
            return new(moment is null ? null : await moment.DetailAsync(at, call => _views.FindAsync(CallFold.Fold, call, cancellationToken)), null);
        }
        catch (InvalidDataException e)
        {
            return new(null, new("at", e.Message, "Search for its events instead: /api/v1/search?q=session:…&to=….", null));
        }
    }

    /// <summary>Lists principals, the last active first.</summary>
    public async ValueTask<Answer<ViewPage<PrincipalView>>> PrincipalsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        ViewCursor.FaultOf(limit, cursor) is { } fault ? new(null, fault) : new(await _views.PrincipalsAsync(limit, cursor, cancellationToken), null);

    /// <summary>Lists the tool catalogue by server and name, without definitions and their histories; what was called and never listed comes last.</summary>
    public async ValueTask<Answer<ViewPage<ToolView>>> ToolsAsync(ToolFilter filter, CancellationToken cancellationToken) =>
        ViewCursor.FaultOf(filter.Limit, filter.Cursor) is { } fault ? new(null, fault) : new(await _views.ToolsAsync(filter, cancellationToken), null);

    /// <summary>A tool with its definition and the history of it; null when there is none.</summary>
    public async ValueTask<ToolView?> ToolAsync(string server, string tool, CancellationToken cancellationToken)
    {
        var key = ToolFold.KeyOf(server, tool);
        return await _views.FindAsync(ToolFold.Fold, key, cancellationToken) is { } used ? ToolFold.Whole(used, await _views.FindAsync(ToolFold.Definitions, key, cancellationToken)) : null;
    }

    /// <summary>Lists findings, the last raised first.</summary>
    public async ValueTask<Answer<ViewPage<FindingView>>> FindingsAsync(FindingFilter filter, CancellationToken cancellationToken) =>
        ViewCursor.FaultOf(filter.Limit, filter.Cursor) is { } fault ? new(null, fault) : new(await _views.FindingsAsync(filter, cancellationToken), null);

    /// <summary>A finding; null when there is none of that id.</summary>
    public ValueTask<FindingView?> FindingAsync(EventId finding, CancellationToken cancellationToken) => _views.FindAsync(FindingFold.Fold, finding.ToString(), cancellationToken);

    /// <summary>Lists API keys by id, revoked ones too.</summary>
    public async ValueTask<Answer<ViewPage<KeyView>>> KeysAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        ViewCursor.FaultOf(limit, cursor) is { } fault ? new(null, fault) : new(await _views.KeysAsync(limit, cursor, cancellationToken), null);

    /// <summary>How each partition is kept: checkpoints, faults, dropped segments.</summary>
    public ValueTask<IReadOnlyList<PartitionView>> PartitionsAsync(CancellationToken cancellationToken) => _views.PartitionsAsync(cancellationToken);

    /// <summary>Lists who writes or wrote, the last heard of first.</summary>
    public async ValueTask<Answer<ViewPage<WriterView>>> WritersAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        ViewCursor.FaultOf(limit, cursor) is { } fault ? new(null, fault) : new(await _views.WritersAsync(limit, cursor, cancellationToken), null);

    /// <summary>Where an event lies and what it is about; null when there is none of that id.</summary>
    public async ValueTask<Hit?> EventAsync(EventId id, CancellationToken cancellationToken) =>
        await _events.FindAsync(id.ToString(), cancellationToken) is { } hit ? hit
        : await _views.PlaceOfAsync(id, cancellationToken) is { } place && await RecordAsync(id, place, cancellationToken) is { } record && EventReader.TryRead(record.Bytes.Span, out var read, out _)
            ? Hit.Of(record, SearchDocuments.Of(read!, NoBlobs, SearchDocuments.NewTerms()))
            : null;

    /// <summary>The exact stored bytes of an event (I3); null when there is none of that id, or the ledger does not keep it any more.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> EventBytesAsync(EventId id, CancellationToken cancellationToken) =>
        await PlaceAsync(id, cancellationToken) is { } place ? (await RecordAsync(id, place, cancellationToken))?.Bytes : null;

    /// <summary>How far the read models are behind the ledger.</summary>
    public async ValueTask<ProjectionStatus> StatusAsync(CancellationToken cancellationToken)
    {
        var positions = await _views.PositionsAsync(cancellationToken);
        var partitions = new List<PartitionStatus>();
        foreach (var partition in _reader.Partitions)
        {
            var (next, events, micros) = positions.GetValueOrDefault(partition.ToString());
            var bounds = await _reader.BoundsAsync(partition, cancellationToken);
            DateTimeOffset? newest = micros > 0 ? DateTimeOffset.UnixEpoch.AddMicroseconds(micros) : null;
            partitions.Add(new(partition.ToString(), next, bounds.End, Math.Max(0, bounds.End - next), events, newest, (_time.GetUtcNow() - newest)?.TotalSeconds));
        }

        return new(_views.Version, partitions);
    }

    // The index may keep events for a shorter time than the ledger does; the views know the place of every event that was folded.
    private async ValueTask<EventPlace?> PlaceAsync(EventId id, CancellationToken cancellationToken) =>
        await _events.FindAsync(id.ToString(), cancellationToken) is { } hit && LedgerPartition.TryParse(hit.Partition, out var partition)
            ? new(partition, hit.Offset)
            : await _views.PlaceOfAsync(id, cancellationToken);

    private async ValueTask<LedgerRecord?> RecordAsync(EventId id, EventPlace place, CancellationToken cancellationToken)
    {
        if (place.Offset < (await _reader.BoundsAsync(place.Partition, cancellationToken)).First)
        {
            return null;
        }

        var batch = await _reader.ReadAsync(place.Partition, place.Offset, OneRecord, cancellationToken);
        return batch.Records is [var record, ..] && EventReader.TryReadChain(record.Bytes.Span, out _, out var found) && found == id ? record : null;
    }

    // Calls whose answer came late are unresolved in their own view: who asks for unresolved ones is not shown them, who asks for their outcome is.
    private async ValueTask<ViewPage<CallView>> EndedAsync(CallFilter filter, CancellationToken cancellationToken)
    {
        var page = await _views.CallsAsync(filter with { OrUnresolved = LateAnswerFold.MayEndAs(filter.Outcome) }, cancellationToken);
        var items = new List<CallView>(page.Items.Count);
        foreach (var call in page.Items)
        {
            var ended = await LateAnswerFold.EndAsync(call, key => _views.FindAsync(LateAnswerFold.Fold, key, cancellationToken));
            if (filter.Outcome is null || ended.Outcome == filter.Outcome)
            {
                items.Add(ended);
            }
        }

        return page with { Items = items };
    }
}
