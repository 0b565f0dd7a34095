using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Counts by hour and by day of what facets are made of, so that a question over months need not touch its events.</summary>
internal sealed class Rollups
{
    public const long HourMicros = 3_600_000_000;
    public const long DayMicros = 24 * HourMicros;
    private readonly Dictionary<Line, long> _hours = [];

    public void Add(SearchDocument document)
    {
        var line = new Line(
            document.Micros / HourMicros,
            document.Type,
            Of(document, FieldCatalog.Class),
            Of(document, FieldCatalog.Server),
            Of(document, FieldCatalog.Method),
            Of(document, FieldCatalog.Tool),
            Of(document, FieldCatalog.Principal),
            Of(document, FieldCatalog.Verdict),
            Of(document, FieldCatalog.Outcome));
        System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(_hours, line, out _)++;
    }

    public void Flush(SqliteDatabase database)
    {
        Write(database, "hourly", "hour", _hours);
        var days = new Dictionary<Line, long>();
        foreach (var (line, count) in _hours)
        {
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(days, line with { Unit = line.Unit / 24 }, out _) += count;
        }

        Write(database, "daily", "day", days);
        _hours.Clear();
    }

    public void Forget() => _hours.Clear();

    private static string Of(SearchDocument document, SearchField field) =>
        document.First(field) is not { } value ? "" : value.Length <= SearchDocument.LongestKeyword ? value : SearchDocument.Keyword(value);

    private static void Write(SqliteDatabase database, string table, string unit, Dictionary<Line, long> lines)
    {
        var statement = database.Kept(
            $"INSERT INTO {table}({unit}, type, class, server, method, tool, principal, verdict, outcome, n) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET n = n + excluded.n");
        foreach (var (line, count) in lines)
        {
            statement.Bind(1, line.Unit).Bind(2, line.Type).Bind(3, line.Class).Bind(4, line.Server).Bind(5, line.Method).Bind(6, line.Tool)
                .Bind(7, line.Principal).Bind(8, line.Verdict).Bind(9, line.Outcome).Bind(10, count).Run();
        }
    }

    private readonly record struct Line(long Unit, string Type, string Class, string Server, string Method, string Tool, string Principal, string Verdict, string Outcome);
}
