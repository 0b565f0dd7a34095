namespace McpLedger.Contracts.Search;

/// <summary>Says whether a document matches, without an index: for the live tail, for sums kept beforehand, and as what every engine must agree with.</summary>
public static class QueryEvaluator
{
    /// <summary>True when <paramref name="document"/> matches <paramref name="query"/>.</summary>
    public static bool Matches(SearchQuery query, SearchDocument document) => query switch
    {
        SearchQuery.Everything => true,
        SearchQuery.Words text => HasText(text, document.Terms),
        SearchQuery.Is(var field, var value) => HasKeyword(document, field, value, whole: true),
        SearchQuery.StartsWith(var field, var beginning) => HasKeyword(document, field, beginning, whole: false),
        SearchQuery.Between(var field, var least, var most) => document.Number(field) is { } number && number >= least && number <= most,
        SearchQuery.Exists(var field) => field.Kind == FieldKind.Text ? document.Terms.Length > 0
            : field.IsNumeric ? document.Number(field) is not null
            : document.First(field) is not null,
        SearchQuery.All(var parts) => parts.All(p => Matches(p, document)),
        SearchQuery.Any(var parts) => parts.Any(p => Matches(p, document)),
        SearchQuery.Not(var inner) => !Matches(inner, document),
        _ => throw new InvalidOperationException($"{query.GetType()} is no node of the query language."),
    };

    private static bool HasKeyword(SearchDocument document, SearchField field, string value, bool whole)
    {
        foreach (var keyword in document.Keywords)
        {
            if (keyword.Field == field && (whole ? keyword.Value == value : keyword.Value.StartsWith(value, StringComparison.Ordinal)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool HasText(SearchQuery.Words text, string terms)
    {
        var asked = string.Join(' ', text.Terms);
        for (var at = 0; (at = terms.IndexOf(asked, at, StringComparison.Ordinal)) >= 0; at++)
        {
            var end = at + asked.Length;
            if ((at == 0 || terms[at - 1] == ' ') && (text.Prefix || end == terms.Length || terms[end] == ' '))
            {
                return true;
            }
        }

        return false;
    }
}
