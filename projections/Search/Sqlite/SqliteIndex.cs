using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Search.Sqlite;

/// <summary>The full-text index beside the embedded views.</summary>
internal sealed class SqliteIndex(ProjectionHome home) : IEventIndex
{
    public ValueTask<SearchPage> SearchAsync(SearchPlan plan, CancellationToken cancellationToken) => home.ReadAsync(d => EventSearch.Run(d, plan), cancellationToken);

    public ValueTask<Hit?> FindAsync(string id, CancellationToken cancellationToken) => home.ReadAsync(d => HitOf(d, id), cancellationToken);

    public ValueTask<IReadOnlyList<Hit>> MessagesAsync(string call, int most, CancellationToken cancellationToken) =>
        home.ReadAsync<IReadOnlyList<Hit>>(d => MessagesOf(d, call, most), cancellationToken);

    private static Hit? HitOf(SqliteDatabase database, string id)
    {
        if (!EventId.TryParse(id, out var read))
        {
            return null;
        }

        var row = database.Kept(EventSearch.SelectHits("e.id = ?1")).Bind(1, read.Value.ToByteArray(bigEndian: true));
        var hit = row.Step() ? EventSearch.HitOf(row) : null;
        row.Reset();
        return hit;
    }

    private static List<Hit> MessagesOf(SqliteDatabase database, string call, int most)
    {
        using var rows = database.Prepare(EventSearch.SelectHits($"e.call = ?1 AND e.type = 'message.relayed.v1' ORDER BY e.row >> {EventTable.TieBits}, e.id LIMIT ?2"));
        rows.Bind(1, call).Bind(2, most);
        var hits = new List<Hit>();
        while (rows.Step())
        {
            hits.Add(EventSearch.HitOf(rows));
        }

        return hits;
    }
}
