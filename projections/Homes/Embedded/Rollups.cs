using System.Runtime.InteropServices;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Counts by hour and by day of what facets are made of, so that a question over months need not touch its events.</summary>
/// <remarks>
/// Every event counts twice: as what was done (its line has no principal) and as whose it was (its line has no type). Counted by both at once there
/// would be about as many sums as events: each person uses most tools.
/// </remarks>
internal sealed class Rollups
{
    public const long HourMicros = 3_600_000_000;
    public const long DayMicros = 24 * HourMicros;

    /// <summary>Columns of <c>line</c>, after its id.</summary>
    public const string Columns = "l.type, l.class, l.server, l.method, l.tool, l.principal, l.verdict, l.outcome";

    private const int MostKept = 100_000;
    private readonly Dictionary<(long Hour, Line Line), long> _hours = [];
    private readonly Dictionary<Line, long> _ids = [];

    public void Add(SearchDocument document)
    {
        var hour = document.Micros / HourMicros;
        var kind = Of(document, FieldCatalog.Class);
        var done = new Line(
            document.Type,
            kind,
            Of(document, FieldCatalog.Server),
            Of(document, FieldCatalog.Method),
            Of(document, FieldCatalog.Tool),
            "",
            Of(document, FieldCatalog.Verdict),
            Of(document, FieldCatalog.Outcome));
        CollectionsMarshal.GetValueRefOrAddDefault(_hours, (hour, done), out _)++;
        CollectionsMarshal.GetValueRefOrAddDefault(_hours, (hour, new Line("", kind, "", "", "", Of(document, FieldCatalog.Principal), "", "")), out _)++;
    }

    public void Flush(SqliteDatabase database)
    {
        var days = new Dictionary<(long Day, long Id), long>();
        var hourly = database.Kept("INSERT INTO hourly(hour, line, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n");
        foreach (var ((hour, line), count) in _hours)
        {
            var id = IdOf(database, line);
            hourly.Bind(1, hour).Bind(2, id).Bind(3, count).Run();
            CollectionsMarshal.GetValueRefOrAddDefault(days, (hour / 24, id), out _) += count;
        }

        var daily = database.Kept("INSERT INTO daily(day, line, n) VALUES(?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n");
        foreach (var ((day, id), count) in days)
        {
            daily.Bind(1, day).Bind(2, id).Bind(3, count).Run();
        }

        _hours.Clear();
    }

    public void Forget()
    {
        _hours.Clear();
        _ids.Clear();
    }

    private long IdOf(SqliteDatabase database, Line line)
    {
        if (_ids.TryGetValue(line, out var known))
        {
            return known;
        }

        // The update changes nothing: it makes the id come back for a line that is there already.
        var statement = database.Kept(
            "INSERT INTO line(type, class, server, method, tool, principal, verdict, outcome) VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET type = excluded.type RETURNING id");
        statement.Bind(1, line.Type).Bind(2, line.Class).Bind(3, line.Server).Bind(4, line.Method).Bind(5, line.Tool).Bind(6, line.Principal).Bind(7, line.Verdict).Bind(8, line.Outcome);
        statement.Step();
        var id = statement.Long(0);
        statement.Reset();
        if (_ids.Count == MostKept)
        {
            _ids.Clear();
        }

        _ids.Add(line, id);
        return id;
    }

    private static string Of(SearchDocument document, SearchField field) =>
        document.First(field) is not { } value ? "" : value.Length <= SearchDocument.LongestKeyword ? value : SearchDocument.Keyword(value);

    private readonly record struct Line(string Type, string Class, string Server, string Method, string Tool, string Principal, string Verdict, string Outcome);
}
