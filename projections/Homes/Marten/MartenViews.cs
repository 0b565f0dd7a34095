using System.Globalization;
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
using Npgsql;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>The views that lie in PostgreSQL. Order is that of bytes, as in every home.</summary>
internal sealed class MartenViews(MartenStores stores, TimeProvider time) : IViewStore
{
    private const int LongestSeconds = 20;
    private const string NoRank = "0::bigint";
    private const string Unlisted = "CASE WHEN data->>'definition' IS NULL THEN 1 ELSE 0 END::bigint";

    public int Version => ViewsVersion.Now;

    public async ValueTask<TView?> FindAsync<TView>(Fold<TView> fold, string key, CancellationToken cancellationToken)
        where TView : class
    {
        var views = await AllAsync(fold, "WHERE id = $1", [StorableText.Key(key)], cancellationToken);
        return views is [var view] ? view : null;
    }

    public ValueTask<ViewPage<CallView>> CallsAsync(CallFilter filter, CancellationToken cancellationToken)
    {
        var conditions = new List<string>();
        var values = new List<object>();
        Add("session =", StorableText.KeyOrNull(filter.Session));
        Add("server =", StorableText.KeyOrNull(filter.Server));
        Add("method =", StorableText.KeyOrNull(filter.Method));
        Add("name =", StorableText.KeyOrNull(filter.Name));
        Add("principal =", StorableText.KeyOrNull(filter.Principal));
        Add("outcome =", filter.OrUnresolved ? null : StorableText.KeyOrNull(filter.Outcome));
        Add("started >=", filter.From is { } from ? QueryValues.Micros(from) : null);
        Add("started <=", filter.To is { } to ? QueryValues.Micros(to) : null);
        if (filter is { OrUnresolved: true, Outcome: { } outcome })
        {
            values.Add(StorableText.Key(outcome));
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"outcome IN (${values.Count}, '{CallFold.Unresolved}')"));
        }

        return PageAsync(CallFold.Fold, "started", conditions, values, filter.Limit, filter.Cursor, cancellationToken);

        void Add(string condition, object? value)
        {
            if (value is not null)
            {
                values.Add(value);
                conditions.Add(string.Create(CultureInfo.InvariantCulture, $"{condition} ${values.Count}"));
            }
        }
    }

    public ValueTask<ViewPage<SessionView>> SessionsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        PageAsync(SessionFold.Fold, "last", [], [], limit, cursor, cancellationToken);

    public ValueTask<SessionMoment?> SessionAtAsync(string session, DateTimeOffset at, CancellationToken cancellationToken) =>
        AnsweredAsync(() => ReadSessionAtAsync(session, at.ToUniversalTime(), cancellationToken));

    private async ValueTask<SessionMoment?> ReadSessionAtAsync(string session, DateTimeOffset at, CancellationToken cancellationToken)
    {
        if (await FindAsync(SessionFold.Fold, session, cancellationToken) is not { } now)
        {
            return null;
        }

        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(LongestSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var side = await stores.ActiveAsync(either.Token);
        await using var query = stores.Of(side).QuerySession();
        var then = new SessionAtMoment();
        foreach (var stream in await StreamsAsync(side, now, at, either.Token))
        {
            then = await query.Events.AggregateStreamAsync(stream, timestamp: at, state: then, token: either.Token) ?? then;
        }

        return then.Moment;
    }

    // An actor's session goes on for years and has a stream for each of its days: only those that hold something of the time are read.
    private async ValueTask<IReadOnlyList<string>> StreamsAsync(Side side, SessionView session, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var streams = Streams.Of(session).ToArray();
        await using var command = stores.Source.CreateCommand(
            $"SELECT stream_id, count(*) FROM {stores.SchemaOf(side)}.mt_events WHERE stream_id = ANY($1) AND timestamp <= $2 GROUP BY stream_id");
        command.CommandTimeout = 0;
        command.Parameters.Add(new() { Value = streams });
        command.Parameters.Add(new() { Value = at });
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        while (await rows.ReadAsync(cancellationToken))
        {
            counts.Add(rows.GetString(0), rows.GetInt64(1));
        }

        return counts.Values.Sum() <= SessionMoment.MostEvents
            ? streams.Where(counts.ContainsKey).ToArray()
            : throw new InvalidDataException($"The session has more than {SessionMoment.MostEvents} events up to then.");
    }

    public ValueTask<ViewPage<PrincipalView>> PrincipalsAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        PageAsync(PrincipalFold.Fold, "last", [], [], limit, cursor, cancellationToken);

    public ValueTask<ViewPage<ToolView>> ToolsAsync(ToolFilter filter, CancellationToken cancellationToken)
    {
        var (conditions, values) = (new List<string>(), new List<object>());
        if (StorableText.KeyOrNull(filter.Server) is { } server)
        {
            values.Add(server);
            conditions.Add("server = $1");
        }

        conditions.AddRange(filter.Changed ? ["changed"] : []);
        conditions.AddRange(filter.Withheld ? ["withheld"] : []);
        return PageAsync(ToolFold.Fold, Unlisted, Order.Ascending, conditions, values, filter.Limit, filter.Cursor, cancellationToken);
    }

    public ValueTask<ViewPage<FindingView>> FindingsAsync(FindingFilter filter, CancellationToken cancellationToken)
    {
        var values = new List<object>(filter.Equal().Select(each => (object)StorableText.Key(each.Value)));
        var conditions = new List<string>(filter.Equal().Select((each, i) => string.Create(CultureInfo.InvariantCulture, $"{each.Column} = ${i + 1}")));
        foreach (var (sign, moment) in new[] { (">=", filter.From), ("<=", filter.To) })
        {
            if (moment is { } at)
            {
                values.Add(QueryValues.Micros(at));
                conditions.Add(string.Create(CultureInfo.InvariantCulture, $"raised {sign} ${values.Count}"));
            }
        }

        return PageAsync(FindingFold.Fold, "raised", conditions, values, filter.Limit, filter.Cursor, cancellationToken);
    }

    public ValueTask<ViewPage<KeyView>> KeysAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        PageAsync(KeyFold.Fold, NoRank, Order.Ascending, [], [], limit, cursor, cancellationToken);

    public ValueTask<IReadOnlyList<PartitionView>> PartitionsAsync(CancellationToken cancellationToken) =>
        AllAsync(PartitionFold.Fold, """ORDER BY id COLLATE "C" """, [], cancellationToken);

    public ValueTask<ViewPage<WriterView>> WritersAsync(int limit, string? cursor, CancellationToken cancellationToken) =>
        PageAsync(WriterFold.Fold, "last", [], [], limit, cursor, cancellationToken);

    public ValueTask<EventPlace?> PlaceOfAsync(EventId id, CancellationToken cancellationToken) => AnsweredAsync(async () =>
    {
        var side = await stores.ActiveAsync(cancellationToken);
        await using var command = stores.Source.CreateCommand($"SELECT substring(bdata FOR {LedgerEntrySerializer.HeadLength}) FROM {stores.SchemaOf(side)}.mt_events WHERE id = $1");
        command.Parameters.Add(new() { Value = id.Value });
        return await command.ExecuteScalarAsync(cancellationToken) is byte[] head ? LedgerEntrySerializer.PlaceOf(head) : null;
    });

    public ValueTask<IReadOnlyDictionary<string, ViewPosition>> PositionsAsync(CancellationToken cancellationToken) =>
        AnsweredAsync(async () => await stores.PositionsAsync(await stores.ActiveAsync(cancellationToken), cancellationToken));

    private ValueTask<ViewPage<TView>> PageAsync<TView>(
        Fold<TView> fold, string moment, List<string> conditions, List<object> values, int limit, string? cursor, CancellationToken cancellationToken)
        where TView : class => PageAsync(fold, moment, Order.Descending, conditions, values, limit, cursor, cancellationToken);

    private async ValueTask<ViewPage<TView>> PageAsync<TView>(
        Fold<TView> fold, string rank, Order order, List<string> conditions, List<object> values, int limit, string? cursor, CancellationToken cancellationToken)
        where TView : class
    {
        var (sign, direction) = order == Order.Ascending ? ('>', "ASC") : ('<', "DESC");
        if (ViewCursor.Cut(cursor) is var (last, key))
        {
            // The key of a cursor of ours is one that lies here already.
            values.AddRange([last, StorableText.IsKey(key) ? key : StorableText.Key(key)]);
            conditions.Add(string.Create(CultureInfo.InvariantCulture, $"({rank}, id COLLATE \"C\") {sign} (${values.Count - 1}, ${values.Count})"));
        }

        var where = conditions.Count == 0 ? "" : $"WHERE {string.Join(" AND ", conditions)}";
        var rows = await RowsAsync(fold, $"{where} ORDER BY {rank} {direction}, id COLLATE \"C\" {direction} LIMIT {limit + 1}", rank, values, cancellationToken);
        var page = rows.Take(limit).ToArray();
        return new([.. page.Select(r => r.View)], rows.Count > limit ? ViewCursor.At(page[^1].Moment, page[^1].Key) : null);
    }

    private async ValueTask<IReadOnlyList<TView>> AllAsync<TView>(Fold<TView> fold, string tail, List<object> values, CancellationToken cancellationToken)
        where TView : class => [.. (await RowsAsync(fold, tail, "0::bigint", values, cancellationToken)).Select(r => r.View)];

    // A database that is away or lacks the tables is trouble with a way out, whoever asks.
    private static async ValueTask<T> AnsweredAsync<T>(Func<ValueTask<T>> read)
    {
        try
        {
            return await read();
        }
        catch (Exception e) when (Faults.IsOfDatabase(e))
        {
            throw Faults.Of(e);
        }
    }

    private ValueTask<List<(TView View, long Moment, string Key)>> RowsAsync<TView>(Fold<TView> fold, string tail, string moment, List<object> values, CancellationToken cancellationToken)
        where TView : class => AnsweredAsync(() => ReadRowsAsync(fold, tail, moment, values, cancellationToken));

    private async ValueTask<List<(TView View, long Moment, string Key)>> ReadRowsAsync<TView>(
        Fold<TView> fold, string tail, string moment, List<object> values, CancellationToken cancellationToken)
        where TView : class
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(LongestSeconds), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var side = await stores.ActiveAsync(either.Token);
        await using var command = stores.Source.CreateCommand($"SELECT data, {moment}, id FROM {stores.TableOf(side, fold.Name)} {tail}");
        command.CommandTimeout = 0;
        foreach (var value in values)
        {
            command.Parameters.Add(value as NpgsqlParameter ?? new NpgsqlParameter { Value = value });
        }

        await using var rows = await command.ExecuteReaderAsync(either.Token);
        var views = new List<(TView, long, string)>();
        while (await rows.ReadAsync(either.Token))
        {
            views.Add((ViewRow.Read(await rows.GetFieldValueAsync<byte[]>(0, either.Token), fold), rows.GetInt64(1), rows.GetString(2)));
        }

        return views;
    }

    private enum Order
    {
        Descending = 0,

        Ascending = 1,
    }
}
