using System.Collections.Immutable;
using System.Globalization;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Homes.Embedded;

namespace McpLedger.Projections.Search.Sqlite;

/// <summary>A query as SQLite runs it: what the full-text index is asked for, and what is left to check row by row.</summary>
/// <param name="Match">FTS5 expression that every matching document matches.</param>
/// <param name="Condition">Condition over <c>e</c> (table <c>event</c>) with <c>{slice}</c> for the slice and <c>?10</c>, <c>?11</c> … for <paramref name="Parameters"/>; null when <paramref name="Match"/> says it all.</param>
/// <param name="Parameters">FTS5 expressions inside the condition.</param>
internal sealed record SqliteQuery(string Match, string? Condition, IReadOnlyList<string> Parameters)
{
    public const int FirstParameter = 10;
    private static readonly string Any = Quote($"{FieldTokens.Any}");

    public static SqliteQuery Compile(SearchQuery query)
    {
        var parameters = new List<string>();
        var part = Compile(query, parameters);
        return new(part.Match, part.Exact ? null : part.Residual, parameters);
    }

    private static Part Compile(SearchQuery query, List<string> parameters) => query switch
    {
        SearchQuery.Everything => Exactly(Any, parameters),
        SearchQuery.Words(var terms, var prefix) => Exactly(Quote(string.Join(' ', terms)) + (prefix ? " *" : ""), parameters),
        SearchQuery.Is(var field, var value) => Exactly(Quote(FieldTokens.Value(field, value)), parameters),
        SearchQuery.StartsWith(var field, var beginning) => Exactly(Quote(FieldTokens.Value(field, beginning)) + " *", parameters),
        SearchQuery.Exists(var field) => Exactly(Quote(FieldTokens.Has(field)), parameters),
        SearchQuery.Between between => Range(between),
        SearchQuery.Not(var inner) => Not(Compile(inner, parameters), parameters),
        SearchQuery.All(var parts) => All(parts, parameters),
        SearchQuery.Any(var parts) => OneOf(DeepestFirst(parts.Select(p => Compile(p, parameters))), parameters),
        _ => throw new InvalidOperationException($"{query.GetType()} is no node of the query language."),
    };

    private static Part Range(SearchQuery.Between between)
    {
        var (field, least, most) = between;
        if (field == FieldCatalog.Time)
        {
            var rows = string.Create(CultureInfo.InvariantCulture, $"(e.row BETWEEN {EventTable.FirstRow(least)} AND {EventTable.LastRow(most)})");
            return new(Any, Exact: false, rows, () => rows);
        }

        if (least > most)
        {
            return new(Any, Exact: false, "0", () => "0");
        }

        var buckets = Enumerable.Range(FieldTokens.BucketOf(least), FieldTokens.BucketOf(most) - FieldTokens.BucketOf(least) + 1);
        var match = least == long.MinValue && most == long.MaxValue
            ? Quote(FieldTokens.Has(field))
            : $"({string.Join(" OR ", buckets.Select(b => Quote(FieldTokens.Bucket(field, b))))})";
        var condition = string.Create(CultureInfo.InvariantCulture, $"coalesce(e.{field.Name} BETWEEN {least} AND {most}, 0)");
        return new(match, Exact: false, condition, () => condition);
    }

    private static Part Not(Part inner, List<string> parameters)
    {
        if (inner.Exact)
        {
            return Exactly($"({Any} NOT {inner.Match})", parameters) with { Excludes = inner.Match, Depth = inner.Depth + 1 };
        }

        var condition = $"NOT ({inner.Full()})";
        return new(Any, Exact: false, condition, () => condition);
    }

    private static Part All(ImmutableArray<SearchQuery> queries, List<string> parameters)
    {
        var parts = DeepestFirst(queries.Select(p => Compile(p, parameters)));
        var depth = parts[0].Depth + 1;
        var wanted = parts.Where(p => p.Excludes is null && p.Match != Any).Select(p => p.Match).DefaultIfEmpty(Any).ToArray();
        var match = wanted.Length == 1 ? wanted[0] : $"({string.Join(" AND ", wanted)})";
        string[] excluded = [.. parts.Select(p => p.Excludes).OfType<string>()];
        if (excluded.Length > 0)
        {
            match = $"({match} NOT {(excluded.Length == 1 ? excluded[0] : $"({string.Join(" OR ", excluded)})")})";
        }

        var residual = string.Join(" AND ", parts.Where(p => !p.Exact).Select(p => $"({p.Residual})"));
        return residual.Length == 0
            ? Exactly(match, parameters) with { Depth = depth }
            : new(match, Exact: false, residual, () => string.Join(" AND ", parts.Select(p => $"({p.Full()})"))) { Depth = depth };
    }

    private static Part OneOf(Part[] parts, List<string> parameters)
    {
        var match = $"({string.Join(" OR ", parts.Select(p => p.Match))})";
        if (parts.All(p => p.Exact))
        {
            return Exactly(match, parameters) with { Depth = parts[0].Depth + 1 };
        }

        var condition = string.Join(" OR ", parts.Select(p => $"({p.Full()})"));
        return new(match, Exact: false, condition, () => condition) { Depth = parts[0].Depth + 1 };
    }

    // FTS5's parser has room for 100 signs that wait for what follows them: what is deep stands where only its parentheses wait.
    private static Part[] DeepestFirst(IEnumerable<Part> parts) => [.. parts.OrderByDescending(p => p.Depth)];

    private static Part Exactly(string match, List<string> parameters) => new(match, Exact: true, "1", () =>
    {
        parameters.Add(match);
        return string.Create(CultureInfo.InvariantCulture, $"e.row IN (SELECT rowid FROM {{slice}} WHERE {{slice}} MATCH ?{FirstParameter + parameters.Count - 1})");
    });

    private static string Quote(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    /// <param name="Match">What every match matches.</param>
    /// <param name="Exact">Whether nothing else matches it.</param>
    /// <param name="Residual">Condition that is left once <paramref name="Match"/> holds.</param>
    /// <param name="Full">Condition that stands alone.</param>
    private sealed record Part(string Match, bool Exact, string Residual, Func<string> Full)
    {
        /// <summary>For a negation: what must not match.</summary>
        public string? Excludes { get; init; }

        /// <summary>Parentheses inside each other.</summary>
        public int Depth { get; init; }
    }
}
