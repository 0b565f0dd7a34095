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

    // The one type whose events have several servers; of all others what the server is called may hold any character.
    private const string OfServers = "policy.published.v1";
    private const char BetweenServers = '\n';
    private readonly Dictionary<(long Hour, Line Line), long> _hours = [];
    private readonly Dictionary<Line, long> _ids = [];

    public void Add(SearchDocument document)
    {
        var hour = document.Micros / HourMicros;
        var kind = Of(document, FieldCatalog.Class);
        var done = new Line(
            document.Type,
            kind,
            ServersOf(document),
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

    /// <summary>The servers that the lines of a type tell of; none is one that has no name.</summary>
    public static IReadOnlyList<string> ServersIn(string type, string server) => type == OfServers ? server.Split(BetweenServers) : [server];

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

    // Whoever asks for one of an event's servers, or for all but that one, is told the same by the sums as by the events. No other of these fields has several values.
    private static string ServersOf(SearchDocument document) =>
        document.Type == OfServers
            ? string.Join(BetweenServers, document.Keywords.Where(static k => k.Field == FieldCatalog.Server).Select(static k => Bounded(k.Shown)).Distinct())
            : Of(document, FieldCatalog.Server);

    private static string Of(SearchDocument document, SearchField field) => document.First(field) is { } value ? Bounded(value) : "";

    private static string Bounded(string value) => value.Length <= SearchDocument.LongestKeyword ? value : SearchDocument.Keyword(value);

    private readonly record struct Line(string Type, string Class, string Server, string Method, string Tool, string Principal, string Verdict, string Outcome);
}
