using System.Text;

namespace McpLedger.Contracts.Search;

/// <summary>Cuts a query into pieces. After an operator a word may hold colons (<c>time >= 2026-11-24T10:00</c>, <c>name: file:///etc</c>).</summary>
internal sealed class QueryLexer(string text)
{
    private int _at;

    public QueryToken Next(bool value)
    {
        while (_at < text.Length && (char.IsWhiteSpace(text[_at]) || char.IsControl(text[_at])))
        {
            _at++;
        }

        var start = _at;
        if (_at == text.Length)
        {
            return new(TokenKind.End, start, "", Star: false, Plain: true);
        }

        return text[_at] switch
        {
            '"' => Quoted(start),
            '(' => Sign(TokenKind.Open, 1),
            ')' => Sign(TokenKind.Close, 1),
            '[' => Sign(TokenKind.RangeOpen, 1),
            ']' => Sign(TokenKind.RangeClose, 1),
            ':' when !value => Sign(TokenKind.Colon, 1),
            '>' => Follows('=') ? Sign(TokenKind.AtLeast, 2) : Sign(TokenKind.Above, 1),
            '<' => Follows('=') ? Sign(TokenKind.AtMost, 2) : Sign(TokenKind.Below, 1),
            _ => Word(start, value),
        };
    }

    private bool Follows(char c) => _at + 1 < text.Length && text[_at + 1] == c;

    private QueryToken Sign(TokenKind kind, int length)
    {
        _at += length;
        return new(kind, _at - length, text.Substring(_at - length, length), Star: false, Plain: true);
    }

    private QueryToken Quoted(int start)
    {
        var inside = new StringBuilder();
        for (_at++; _at < text.Length; _at++)
        {
            if (text[_at] == '"')
            {
                _at++;
                return new(TokenKind.Quoted, start, inside.ToString(), Star: false, Plain: false);
            }

            _at += text[_at] == '\\' && _at + 1 < text.Length ? 1 : 0;
            inside.Append(text[_at]);
        }

        return new(TokenKind.Unclosed, start, inside.ToString(), Star: false, Plain: false);
    }

    private QueryToken Word(int start, bool value)
    {
        var inside = new StringBuilder();
        bool star = false, plain = true;
        for (; _at < text.Length; _at++)
        {
            var c = text[_at];
            if (char.IsWhiteSpace(c) || char.IsControl(c) || c is '(' or ')' or '[' or ']' or '"' or '<' or '>' || (c == ':' && !value))
            {
                break;
            }

            if (c == '\\' && _at + 1 < text.Length)
            {
                (plain, star) = (false, false);
                inside.Append(text[++_at]);
                continue;
            }

            star = c == '*';
            inside.Append(c);
        }

        if (star)
        {
            inside.Length--;
        }

        return new(TokenKind.Word, start, inside.ToString(), star, plain);
    }
}
