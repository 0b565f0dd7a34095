namespace McpLedger.Contracts.Search;

internal enum TokenKind
{
    End = 0,
    Word = 1,
    Quoted = 2,
    Open = 3,
    Close = 4,
    RangeOpen = 5,
    RangeClose = 6,
    Colon = 7,
    AtLeast = 8,
    AtMost = 9,
    Above = 10,
    Below = 11,
    Unclosed = 12,
}

/// <summary>A piece of a query.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Position">Where it starts, in UTF-16 units from 0.</param>
/// <param name="Text">Its characters without quotes and escapes.</param>
/// <param name="Star">True when an unescaped <c>*</c> ends a word.</param>
/// <param name="Plain">True when nothing was quoted or escaped, so that without a star it may be a keyword.</param>
internal readonly record struct QueryToken(TokenKind Kind, int Position, string Text, bool Star, bool Plain)
{
    public bool IsKeyword(string keyword) => Kind == TokenKind.Word && Plain && !Star && string.Equals(Text, keyword, StringComparison.OrdinalIgnoreCase);

    public string Found => Kind switch
    {
        TokenKind.End => "the end",
        TokenKind.Unclosed => "a quote that is never closed",
        TokenKind.Quoted => $"\"{Text}\"",
        _ => $"'{Text}{(Star ? "*" : "")}'",
    };
}
