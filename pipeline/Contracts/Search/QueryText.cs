using System.Globalization;
using System.Text;

namespace McpLedger.Contracts.Search;

/// <summary>Writes queries in the query language.</summary>
internal static class QueryText
{
    public static string Of(SearchQuery query)
    {
        var text = new StringBuilder();
        Write(query, text);
        return text.ToString();
    }

    private static void Write(SearchQuery query, StringBuilder text)
    {
        switch (query)
        {
            case SearchQuery.Everything:
                text.Append('*');
                break;
            case SearchQuery.Words words:
                WriteWords(words, text);
                break;
            case SearchQuery.Is(var field, var value):
                Quote(text.Append(field.Name).Append(": "), value);
                break;
            case SearchQuery.StartsWith(var field, var beginning):
                Escape(text.Append(field.Name).Append(": "), beginning).Append('*');
                break;
            case SearchQuery.Between(var field, var least, var most):
                text.Append(CultureInfo.InvariantCulture, $"{field.Name}: [{Bound(field, least, long.MinValue)} TO {Bound(field, most, long.MaxValue)}]");
                break;
            case SearchQuery.Exists(var field):
                text.Append(field.Name).Append(": *");
                break;
            case SearchQuery.All(var parts):
                WriteJoined(parts, " and ", text);
                break;
            case SearchQuery.Any(var parts):
                WriteJoined(parts, " or ", text);
                break;
            case SearchQuery.Not(var inner):
                Write(inner, text.Append("not ("));
                text.Append(')');
                break;
            default:
                throw new InvalidOperationException($"{query.GetType()} is no node of the query language.");
        }
    }

    private static void WriteWords(SearchQuery.Words words, StringBuilder text)
    {
        if (words.Prefix)
        {
            Escape(text, string.Join('-', words.Terms)).Append('*');
        }
        else
        {
            Quote(text, string.Join(' ', words.Terms));
        }
    }

    private static void WriteJoined(IEnumerable<SearchQuery> parts, string joint, StringBuilder text)
    {
        var first = true;
        foreach (var part in parts)
        {
            Write(part, text.Append(first ? "(" : joint).Append(first ? "" : "("));
            text.Append(')');
            first = false;
        }
    }

    private static string Bound(SearchField field, long value, long open) => value == open ? "*" : field.Kind switch
    {
        FieldKind.Duration => string.Create(CultureInfo.InvariantCulture, $"{value}us"),
        FieldKind.Time => string.Create(CultureInfo.InvariantCulture, $"{value}us"),
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private static void Quote(StringBuilder text, string value) => text.Append('"').Append(value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)).Append('"');

    private static StringBuilder Escape(StringBuilder text, string value)
    {
        foreach (var c in value)
        {
            if (char.IsWhiteSpace(c) || c is '\\' or '"' or '(' or ')' or '[' or ']' or '*' or ':' or '<' or '>' or '=')
            {
                text.Append('\\');
            }

            text.Append(c);
        }

        return text;
    }
}
