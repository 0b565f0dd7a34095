namespace McpLedger.Contracts.Search;

/// <summary>Clauses: what a field is asked for, and bare words.</summary>
internal sealed partial class QueryReading
{
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

        var terms = SearchTerms.OfQuery(word.Text, word.Star, QueryParser.MostTerms);
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
}
