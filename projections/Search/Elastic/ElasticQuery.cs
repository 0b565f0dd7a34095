using System.Text.Json;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>
/// Writes a query in the engines' own language. Parts of one kind that stand inside each other become one, and an <c>or</c> goes into the <c>bool</c> of the <c>and</c> around it,
/// so a level of parentheses costs one level there: Elasticsearch takes 30.
/// </summary>
internal static class ElasticQuery
{
    // Terms that begin so and stand at the end of a phrase. Words that begin alike and follow the same word are far fewer.
    private const int MostExpansions = 65_536;

    public static void Write(Utf8JsonWriter json, SearchQuery query)
    {
        json.WriteStartObject();
        switch (query)
        {
            case SearchQuery.Everything:
                json.Object("match_all", () => { });
                break;
            case SearchQuery.Words(var terms, false) when terms.Length == 1:
                Field(json, "term", FieldCatalog.Text, terms[0]);
                break;
            case SearchQuery.Words(var terms, true) when terms.Length == 1:
                Field(json, "prefix", FieldCatalog.Text, terms[0]);
                break;
            case SearchQuery.Words words:
                WritePhrase(json, words);
                break;
            case SearchQuery.Is(var field, var value):
                Field(json, "term", field, value);
                break;
            case SearchQuery.StartsWith(var field, var beginning):
                Field(json, "prefix", field, beginning);
                break;
            case SearchQuery.Between(_, var least, var most) when least > most:
                json.Object("match_none", () => { });
                break;
            case SearchQuery.Between(var field, var least, var most):
                json.Object("range", () => json.Object(field.Name, () =>
                {
                    json.WriteNumber("gte", least);
                    json.WriteNumber("lte", most);
                }));
                break;
            case SearchQuery.Exists(var field):
                json.Object("exists", () => json.WriteString("field", field.Name));
                break;
            case SearchQuery.All or SearchQuery.Any or SearchQuery.Not:
                json.Object("bool", () => Clauses.Of(query).Write(json));
                break;
            default:
                throw new InvalidOperationException($"{query.GetType()} is no node of the query language.");
        }

        json.WriteEndObject();
    }

    private static void Field(Utf8JsonWriter json, string kind, SearchField field, string value) =>
        json.Object(kind, () => json.Object(field.Name, () => json.WriteString("value", value)));

    private static void WritePhrase(Utf8JsonWriter json, SearchQuery.Words words) =>
        json.Object(words.Prefix ? "match_phrase_prefix" : "match_phrase", () => json.Object(FieldCatalog.Text.Name, () =>
        {
            json.WriteString("query", string.Join(' ', words.Terms));
            json.WriteString("analyzer", "whitespace");
            if (words.Prefix)
            {
                json.WriteNumber("max_expansions", MostExpansions);
            }
        }));

    /// <summary>What one <c>bool</c> holds: all of <see cref="_all"/>, none of <see cref="_none"/>, and one of <see cref="_any"/> where there are any.</summary>
    private sealed class Clauses
    {
        private readonly List<SearchQuery> _all = [];
        private readonly List<SearchQuery> _none = [];
        private readonly List<SearchQuery> _any = [];

        public static Clauses Of(SearchQuery query)
        {
            var clauses = new Clauses();
            clauses.Require(query);
            return clauses;
        }

        public void Write(Utf8JsonWriter json)
        {
            Write(json, "filter", _all);
            Write(json, "must_not", _none);
            Write(json, "should", _any);
            if (_any.Count > 0)
            {
                json.WriteNumber("minimum_should_match", 1);
            }
        }

        private void Require(SearchQuery query)
        {
            switch (query)
            {
                case SearchQuery.All(var parts):
                    foreach (var part in parts)
                    {
                        Require(part);
                    }

                    break;
                case SearchQuery.Any when _any.Count == 0:
                    Offer(query);
                    break;
                case SearchQuery.Not(var inner):
                    Forbid(inner);
                    break;
                default:
                    _all.Add(query);
                    break;
            }
        }

        private void Forbid(SearchQuery query)
        {
            switch (query)
            {
                case SearchQuery.Any(var parts):
                    foreach (var part in parts)
                    {
                        Forbid(part);
                    }

                    break;
                case SearchQuery.Not(var inner):
                    Require(inner);
                    break;
                default:
                    _none.Add(query);
                    break;
            }
        }

        private void Offer(SearchQuery query)
        {
            if (query is SearchQuery.Any(var parts))
            {
                foreach (var part in parts)
                {
                    Offer(part);
                }
            }
            else
            {
                _any.Add(query);
            }
        }

        private static void Write(Utf8JsonWriter json, string kind, List<SearchQuery> queries)
        {
            if (queries.Count > 0)
            {
                json.Array(kind, () =>
                {
                    foreach (var query in queries)
                    {
                        ElasticQuery.Write(json, query);
                    }
                });
            }
        }
    }
}
