using System.Collections.Immutable;
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

    internal const int Deepest = 32;
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
            var reader = new Reading(text, now);
            query = reader.Whole();
            fault = query is null ? reader.Fault! : null;
        }

        return query is not null;
    }

    private sealed class Reading(string text, DateTimeOffset now)
    {
        private readonly QueryLexer _lexer = new(text);
        private QueryToken _token;
        private int _depth;
        private int _clauses;

        public QueryFault? Fault { get; private set; }

        public SearchQuery? Whole()
        {
            Advance(value: false);
            if (_token.Kind == TokenKind.End)
            {
                return new SearchQuery.Everything();
            }

            var query = Or(field: null);
            return query is null || _token.Kind == TokenKind.End ? query : Fail("'and', 'or' or the end", "Take it out, or put it in quotes.");
        }

        private SearchQuery? Or(SearchField? field)
        {
            if (++_depth > Deepest)
            {
                return Fail($"at most {Deepest} levels of parentheses and 'not'", "Write it flatter.");
            }

            var parts = ImmutableArray.CreateBuilder<SearchQuery>();
            do
            {
                if (And(field) is not { } part)
                {
                    return null;
                }

                parts.Add(part);
            }
            while (Take("or"));
            _depth--;
            return parts.Count == 1 ? parts[0] : new SearchQuery.Any(parts.ToImmutable());

            bool Take(string keyword)
            {
                var taken = _token.IsKeyword(keyword);
                if (taken)
                {
                    Advance(value: field is not null);
                }

                return taken;
            }
        }

        private SearchQuery? And(SearchField? field)
        {
            var parts = ImmutableArray.CreateBuilder<SearchQuery>();
            do
            {
                if (parts.Count > 0 && _token.IsKeyword("and"))
                {
                    Advance(value: field is not null);
                }

                if (Negation(field) is not { } part)
                {
                    return null;
                }

                parts.Add(part);
            }
            while (_token.Kind is TokenKind.Word or TokenKind.Quoted or TokenKind.Open && !_token.IsKeyword("or"));
            return parts.Count == 1 ? parts[0] : new SearchQuery.All(parts.ToImmutable());
        }

        private SearchQuery? Negation(SearchField? field)
        {
            if (!_token.IsKeyword("not"))
            {
                return Clause(field);
            }

            if (++_depth > Deepest)
            {
                return Fail($"at most {Deepest} levels of parentheses and 'not'", "Write it flatter.");
            }

            Advance(value: field is not null);
            var inner = Negation(field);
            _depth--;
            return inner is null ? null : new SearchQuery.Not(inner);
        }

        private SearchQuery? Clause(SearchField? field)
        {
            if (++_clauses > MostClauses)
            {
                return Fail($"at most {MostClauses} clauses", "Ask for less at once; a beginning with '*' stands for many values.");
            }

            if (_token.Kind == TokenKind.Open)
            {
                Advance(value: field is not null);
                var inner = Or(field);
                return inner is null ? null : Closed(inner, value: field is not null);
            }

            if (_token.Kind is not (TokenKind.Word or TokenKind.Quoted) || _token.IsKeyword("and") || _token.IsKeyword("or"))
            {
                return Fail("a word, a field, a quote or '('", _token.Kind == TokenKind.Unclosed ? "Close it with \"." : "Put it in quotes to search for it.");
            }

            var word = _token;
            Advance(value: field is not null);
            if (field is not null)
            {
                return Value(field, word);
            }

            var named = word is { Kind: TokenKind.Word, Plain: true, Star: false };
            return named && _token.Kind is TokenKind.Colon or TokenKind.AtLeast or TokenKind.AtMost or TokenKind.Above or TokenKind.Below
                ? OfField(word)
                : Bare(word);
        }

        private SearchQuery? Closed(SearchQuery inner, bool value)
        {
            if (_token.Kind != TokenKind.Close)
            {
                return Fail("')'", "Close the parenthesis.");
            }

            Advance(value);
            return inner;
        }

        private SearchQuery? OfField(QueryToken name)
        {
            if (FieldCatalog.Find(name.Text) is not { } field)
            {
                var near = FieldCatalog.Near(name.Text);
                var hint = near.Count > 0 ? $"Did you mean {string.Join(", ", near)}?" : "GET /api/v1/fields lists them.";
                return Fail(name, "a field", $"{hint} Put it in quotes to search for the text.");
            }

            var sign = _token.Kind;
            Advance(value: true);
            return sign != TokenKind.Colon ? Compared(field, sign)
                : _token.Kind == TokenKind.RangeOpen ? Ranged(field)
                : _token.Kind == TokenKind.Open ? Listed(field)
                : _token.Kind is TokenKind.AtLeast or TokenKind.AtMost or TokenKind.Above or TokenKind.Below ? Signed(field)
                : _token.Kind is TokenKind.Word or TokenKind.Quoted ? Single(field)
                : Fail($"a value for {field.Name}", $"Write {field.Name}: value, {field.Name}: (a or b), or {field.Name}: *.");
        }

        private SearchQuery? Signed(SearchField field)
        {
            var sign = _token.Kind;
            Advance(value: true);
            return Compared(field, sign);
        }

        private SearchQuery? Single(SearchField field)
        {
            var word = _token;
            Advance(value: false);
            return Value(field, word);
        }

        private SearchQuery? Listed(SearchField field)
        {
            Advance(value: true);
            var inner = Or(field);
            return inner is null ? null : Closed(inner, value: false);
        }

        private SearchQuery? Compared(SearchField field, TokenKind sign)
        {
            if (!field.IsNumeric)
            {
                return Fail($"':' after {field.Name}", $"{field.Name} has no order; write {field.Name}: value.");
            }

            if (_token.Kind is not (TokenKind.Word or TokenKind.Quoted) || _token.Star || QueryValues.Read(field, _token.Text, now) is not { } value)
            {
                return Fail(QueryValues.Expected(field), QueryValues.Example(field));
            }

            Advance(value: false);
            return sign switch
            {
                TokenKind.AtLeast => new SearchQuery.Between(field, value.First, long.MaxValue),
                TokenKind.Above when value.Last == long.MaxValue => new SearchQuery.Not(new SearchQuery.Everything()),
                TokenKind.Above => new SearchQuery.Between(field, value.Last + 1, long.MaxValue),
                TokenKind.AtMost => new SearchQuery.Between(field, long.MinValue, value.Last),
                _ when value.First == long.MinValue => new SearchQuery.Not(new SearchQuery.Everything()),
                _ => new SearchQuery.Between(field, long.MinValue, value.First - 1),
            };
        }

        private SearchQuery? Ranged(SearchField field)
        {
            if (!field.IsNumeric)
            {
                return Fail($"a value for {field.Name}", $"{field.Name} has no order; write {field.Name}: value.");
            }

            Advance(value: true);
            if (!Bound(field, upper: false, out var least))
            {
                return null;
            }

            if (!_token.IsKeyword("to"))
            {
                return Fail("'TO'", $"Write {field.Name}: [from TO to]; * leaves an end open.");
            }

            Advance(value: true);
            if (!Bound(field, upper: true, out var most))
            {
                return null;
            }

            if (_token.Kind != TokenKind.RangeClose)
            {
                return Fail("']'", "Close the range.");
            }

            Advance(value: false);
            return new SearchQuery.Between(field, least, most);
        }

        private bool Bound(SearchField field, bool upper, out long bound)
        {
            bound = upper ? long.MaxValue : long.MinValue;
            if (_token is { Kind: TokenKind.Word, Star: true, Text: "" })
            {
                Advance(value: true);
                return true;
            }

            if (_token.Kind is not (TokenKind.Word or TokenKind.Quoted) || QueryValues.Read(field, _token.Text, now) is not { } value)
            {
                Fail(QueryValues.Expected(field), QueryValues.Example(field));
                return false;
            }

            bound = upper ? value.Last : value.First;
            Advance(value: true);
            return true;
        }

        private SearchQuery? Value(SearchField field, QueryToken word)
        {
            if (word is { Star: true, Text: "" })
            {
                return new SearchQuery.Exists(field);
            }

            if (field.Kind == FieldKind.Text)
            {
                return Bare(word);
            }

            if (field.IsNumeric)
            {
                return !word.Star && QueryValues.Read(field, word.Text, now) is { } value
                    ? new SearchQuery.Between(field, value.First, value.Last)
                    : Fail(word, QueryValues.Expected(field), QueryValues.Example(field));
            }

            return HasStrayStar(word) ? null
                : word.Star ? new SearchQuery.StartsWith(field, SearchDocument.Beginning(word.Text))
                : new SearchQuery.Is(field, SearchDocument.Keyword(word.Text));
        }

        private SearchQuery? Bare(QueryToken word)
        {
            if (word is { Star: true, Text: "" })
            {
                return new SearchQuery.Everything();
            }

            if (HasStrayStar(word))
            {
                return null;
            }

            var terms = SearchTerms.OfQuery(word.Text, word.Star, MostTerms);
            return terms.Count == 0 || (word.Star && terms[^1].Length < 2)
                ? Fail(word, word.Star ? "at least two letters or digits before '*'" : "letters or digits", "Signs are not indexed.")
                : new SearchQuery.Words([.. terms], word.Star);
        }

        private bool HasStrayStar(QueryToken word)
        {
            var stray = word is { Kind: TokenKind.Word, Plain: true } && word.Text.Contains('*', StringComparison.Ordinal);
            if (stray)
            {
                Fail(word, "'*' only at the end of a word", "Wildcards are beginnings: write read*, or \"*\" for the sign itself.");
            }

            return stray;
        }

        private void Advance(bool value) => _token = _lexer.Next(value);

        private SearchQuery? Fail(string expected, string fix) => Fail(_token, expected, fix);

        private SearchQuery? Fail(QueryToken token, string expected, string fix)
        {
            Fault ??= new(token.Position, token.Found.Length > 80 ? token.Found[..80] + "…" : token.Found, expected, fix);
            return null;
        }
    }
}
