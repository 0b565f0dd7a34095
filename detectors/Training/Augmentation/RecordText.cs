using System.Globalization;
using System.Text;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>How a record is written down.</summary>
internal enum RecordStyle
{
    Json,
    IndentedJson,
    Python,
    Lines,
}

/// <summary>Writes made-up records (strings, numbers, booleans, lists, fields) the ways that tools write theirs.</summary>
internal static class RecordText
{
    public static string Write(object record, RecordStyle style)
    {
        var text = new StringBuilder();
        if (style == RecordStyle.Lines)
        {
            Lines(text, record);
        }
        else
        {
            Value(text, record, style, 0);
        }

        return text.ToString();
    }

    private static void Value(StringBuilder text, object value, RecordStyle style, int depth)
    {
        switch (value)
        {
            case string words:
                Quoted(text, words, style);
                break;
            case bool flag when style == RecordStyle.Python:
                text.Append(flag ? "True" : "False");
                break;
            case bool flag:
                text.Append(flag ? "true" : "false");
                break;
            case IReadOnlyList<(string Name, object Value)> fields:
                Group(text, '{', '}', fields.Count, style, depth, i =>
                {
                    Quoted(text, fields[i].Name, style);
                    text.Append(": ");
                    Value(text, fields[i].Value, style, depth + 1);
                });
                break;
            case IReadOnlyList<object> list:
                Group(text, '[', ']', list.Count, style, depth, i => Value(text, list[i], style, depth + 1));
                break;
            default:
                text.Append(CultureInfo.InvariantCulture, $"{value}");
                break;
        }
    }

    private static void Group(StringBuilder text, char open, char close, int count, RecordStyle style, int depth, Action<int> each)
    {
        text.Append(open);
        for (var i = 0; i < count; i++)
        {
            text.Append(i > 0 ? style == RecordStyle.IndentedJson ? "," : ", " : "");
            Indent(text, style, depth + 1);
            each(i);
        }

        Indent(text, style, depth);
        text.Append(close);
    }

    private static void Indent(StringBuilder text, RecordStyle style, int depth)
    {
        if (style == RecordStyle.IndentedJson)
        {
            text.Append('\n').Append(' ', depth);
        }
    }

    private static void Quoted(StringBuilder text, string words, RecordStyle style)
    {
        var quote = style == RecordStyle.Python && !words.Contains('\'', StringComparison.Ordinal) ? '\'' : '"';
        text.Append(quote);
        foreach (var c in words)
        {
            _ = c switch
            {
                '\n' => text.Append("\\n"),
                '\t' => text.Append("\\t"),
                '\\' => text.Append("\\\\"),
                _ when c == quote => text.Append('\\').Append(c),
                < ' ' => text.Append(' '),
                _ => text.Append(c),
            };
        }

        text.Append(quote);
    }

    private static void Lines(StringBuilder text, object record)
    {
        if (record is IReadOnlyList<(string Name, object Value)> fields)
        {
            foreach (var (name, value) in fields)
            {
                text.Append(name).Append(": ");
                Plain(text, value);
                text.Append('\n');
            }
        }
        else if (record is IReadOnlyList<object> list)
        {
            foreach (var value in list)
            {
                text.Append("- ");
                Plain(text, value);
                text.Append('\n');
            }
        }
    }

    private static void Plain(StringBuilder text, object value)
    {
        if (value is string words)
        {
            text.Append(words);
        }
        else
        {
            Value(text, value, RecordStyle.Json, 0);
        }
    }
}
