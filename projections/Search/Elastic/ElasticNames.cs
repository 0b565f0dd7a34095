using System.Globalization;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>
/// Names of indices: <c>{prefix}-g1-2026.11.24</c>, or <c>…-2026.11</c>. The stretch is that of the event's own time, which is in its bytes, so an event that comes
/// again goes to the index where it lies, whenever that is, and retention deletes whole indices. (A data stream would write a second copy into its newest index.)
/// </summary>
/// <param name="prefix">The prefix, which is also the alias of the generation in force.</param>
internal sealed class ElasticNames(string prefix)
{
    private const string DayFormat = "yyyy.MM.dd";
    private const string MonthFormat = "yyyy.MM";

    public string Alias => prefix;

    /// <summary>The index of generation and positions.</summary>
    public string State => $"{prefix}-state";

    /// <summary>Matches the indices of all generations, and no others.</summary>
    public string AllPattern => $"{prefix}-*";

    public string TemplateOf(int generation) => string.Create(CultureInfo.InvariantCulture, $"{prefix}-g{generation}");

    public string PatternOf(int generation) => TemplateOf(generation) + "-*";

    /// <summary>The index in which an event of that moment lies.</summary>
    public string IndexOf(ElasticGeneration generation, long micros) =>
        $"{TemplateOf(generation.Number)}-{DateTimeOffset.UnixEpoch.AddMicroseconds(micros).ToString(generation.Span == ElasticSpan.Day ? DayFormat : MonthFormat, CultureInfo.InvariantCulture)}";

    /// <summary>Reads a name back.</summary>
    /// <param name="name">Any name.</param>
    /// <param name="generation">Its generation.</param>
    /// <param name="end">When the stretch of time that it holds is over.</param>
    public bool TryRead(string name, out int generation, out DateTimeOffset end)
    {
        (generation, end) = (0, default);
        if (!name.StartsWith(prefix + "-g", StringComparison.Ordinal))
        {
            return false;
        }

        var rest = name.AsSpan(prefix.Length + 2);
        var dash = rest.IndexOf('-');
        if (dash < 0 || !int.TryParse(rest[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out generation))
        {
            return false;
        }

        var stretch = rest[(dash + 1)..];
        if (DateTimeOffset.TryParseExact(stretch, DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var day))
        {
            end = day.AddDays(1);
            return true;
        }

        var read = DateTimeOffset.TryParseExact(stretch, MonthFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var month);
        end = read ? month.AddMonths(1) : default;
        return read;
    }

    /// <summary>The stretch that an index of that name holds: a prefix has no dots.</summary>
    public static ElasticSpan SpanOf(string name) => name.AsSpan().Count('.') == 2 ? ElasticSpan.Day : ElasticSpan.Month;

    /// <summary>When the stretch of the index is over in which an event of that moment lies.</summary>
    public static DateTimeOffset EndOf(ElasticSpan span, long micros)
    {
        var time = DateTimeOffset.UnixEpoch.AddMicroseconds(micros);
        var day = new DateTimeOffset(time.Year, time.Month, span == ElasticSpan.Day ? time.Day : 1, 0, 0, 0, TimeSpan.Zero);
        return span == ElasticSpan.Day ? day.AddDays(1) : day.AddMonths(1);
    }
}

/// <summary>A set of indices that belong together; one is in force.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Span">Stretch of time that one of its indices holds.</param>
/// <param name="Incarnation">Tells it from one of the same number after everything was deleted.</param>
/// <param name="Mapping">Version of the mapping it was made with.</param>
internal sealed record ElasticGeneration(int Number, ElasticSpan Span, string Incarnation, int Mapping);
