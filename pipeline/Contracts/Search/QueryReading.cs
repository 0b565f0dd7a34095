using System.Collections.Immutable;

namespace McpLedger.Contracts.Search;

/// <summary>One reading of a text, by descent: or, and, not, clause. The first fault ends it.</summary>
internal sealed partial class QueryReading(string text, DateTimeOffset now)
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
        if (++_depth > QueryParser.Deepest)
        {
            return Fail($"at most {QueryParser.Deepest} levels of parentheses and 'not'", "Write it flatter.");
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

        if (++_depth > QueryParser.Deepest)
        {
            return Fail($"at most {QueryParser.Deepest} levels of parentheses and 'not'", "Write it flatter.");
        }

        Advance(value: field is not null);
        var inner = Negation(field);
        _depth--;
        return inner is null ? null : new SearchQuery.Not(inner);
    }

    private SearchQuery? Clause(SearchField? field)
    {
        if (++_clauses > QueryParser.MostClauses)
        {
            return Fail($"at most {QueryParser.MostClauses} clauses", "Ask for less at once; a beginning with '*' stands for many values.");
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

    private void Advance(bool value) => _token = _lexer.Next(value);

    private SearchQuery? Fail(string expected, string fix) => Fail(_token, expected, fix);

    private SearchQuery? Fail(QueryToken token, string expected, string fix)
    {
        Fault ??= new(token.Position, token.Found.Length > 80 ? token.Found[..80] + "…" : token.Found, expected, fix);
        return null;
    }
}
