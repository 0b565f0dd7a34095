using System.Diagnostics.CodeAnalysis;

namespace McpLedger.Contracts.Search;

/// <summary>
/// Reads the query language: <c>field: value</c>, <c>field: (a or b)</c>, <c>field: *</c>, <c>field >= 5</c>, <c>field: [a TO b]</c>, bare words and "phrases",
/// <c>beginning*</c>, <c>not</c>, <c>and</c> (also by standing side by side), <c>or</c>, in that order of binding, and parentheses.
/// </summary>
public static class QueryParser
{
    /// <summary>Longest query, UTF-16 units.</summary>
    public const int Longest = 4096;

    // Elasticsearch takes 30 queries inside each other, and compiled for it a level is one.
    internal const int Deepest = 28;
    internal const int MostClauses = 256;
    internal const int MostTerms = 32;

    /// <summary>Reads a query. Never throws on input.</summary>
    /// <param name="text">The query; empty asks for everything.</param>
    /// <param name="now">What <c>now</c> means.</param>
    /// <param name="query">The query.</param>
    /// <param name="fault">Why it is none.</param>
    public static bool TryParse(string text, DateTimeOffset now, [NotNullWhen(true)] out SearchQuery? query, [NotNullWhen(false)] out QueryFault? fault)
    {
        query = null;
        fault = text.Length > Longest
            ? new(Longest, $"{text.Length} characters", $"at most {Longest}", "Ask for less at once.")
            : null;
        if (fault is null)
        {
            var reader = new QueryReading(text, now);
            query = reader.Whole();
            fault = query is null ? reader.Fault! : null;
        }

        return query is not null;
    }
}
