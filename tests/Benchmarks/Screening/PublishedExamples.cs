using System.Text;

namespace McpLedger.Benchmarks.Screening;

/// <summary>Examples of secrets as other scanners' rules carry them.</summary>
internal static class PublishedExamples
{
    /// <summary>The literals of a Go file's lists of that name; what is put together of several parts is left out.</summary>
    public static IEnumerable<string> OfGo(string source, string list)
    {
        for (var at = source.IndexOf($"{list} := []string{{", StringComparison.Ordinal); at >= 0; at = source.IndexOf($"{list} := []string{{", at + 1, StringComparison.Ordinal))
        {
            var i = source.IndexOf('{', at) + 1;
            var isAlone = true;
            List<string> parts = [];
            while (i < source.Length && source[i] != '}')
            {
                if (source[i] is '"' or '`')
                {
                    parts.Add(Literal(source, ref i));
                    continue;
                }

                if (source[i] == ',')
                {
                    if (isAlone && parts.Count == 1)
                    {
                        yield return parts[0];
                    }

                    parts.Clear();
                    isAlone = true;
                }
                else if (source.AsSpan(i).StartsWith("//"))
                {
                    i = source.IndexOf('\n', i);
                }
                else
                {
                    isAlone &= char.IsWhiteSpace(source[i]);
                }

                i++;
            }
        }
    }

    /// <summary>The items of every list named <c>examples</c>.</summary>
    public static IEnumerable<string> OfYaml(IReadOnlyList<string> lines)
    {
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].Trim() != "examples:")
            {
                continue;
            }

            var depth = Depth(lines[i]);
            while (i + 1 < lines.Count && (Depth(lines[i + 1]) > depth || lines[i + 1].Trim().Length == 0 || (Depth(lines[i + 1]) == depth && lines[i + 1].TrimStart().StartsWith("- ", StringComparison.Ordinal))))
            {
                i++;
                var line = lines[i].Trim();
                if (!line.StartsWith("- ", StringComparison.Ordinal))
                {
                    continue;
                }

                var item = line[2..].Trim();
                if (item is not ("|" or "|-" or ">" or ">-"))
                {
                    yield return item.Length > 1 && item[0] is '"' or '\'' && item[^1] == item[0] ? item[1..^1] : item;
                    continue;
                }

                var (start, block) = (Depth(lines[i]), new StringBuilder());
                while (i + 1 < lines.Count && (Depth(lines[i + 1]) > start || lines[i + 1].Trim().Length == 0))
                {
                    block.Append(lines[++i].Trim()).Append('\n');
                }

                yield return block.ToString().Trim();
            }
        }
    }

    private static int Depth(string line) => line.Length - line.TrimStart().Length;

    private static string Literal(string source, ref int at)
    {
        var (quote, text) = (source[at++], new StringBuilder());
        while (at < source.Length && source[at] != quote)
        {
            if (source[at] == '\\' && quote == '"')
            {
                at++;
                text.Append(source[at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var itself => itself });
            }
            else
            {
                text.Append(source[at]);
            }

            at++;
        }

        at++;
        return text.ToString();
    }
}
