using System.Text;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Shadowing;

/// <summary>
/// Finds tools that stand in the light of other servers' tools: a client that lists several servers lays their tools side by side, and a definition of one can change what a model does with another's.
/// Made of the tools that are known; never changes.
/// </summary>
public sealed class ToolShadows
{
    private const int MaxFound = 16;
    private const int Nearby = 120;
    private readonly Dictionary<string, List<Known>> _bySkeleton = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<Known>> _byName = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, List<Known>> _specific = new(StringComparer.Ordinal);
    private readonly HashSet<int> _lengths = [];

    /// <param name="tools">The tools that stand beside one another.</param>
    public ToolShadows(IEnumerable<ListedTool> tools)
    {
        var text = new MessageText(TextLimits.Default);
        foreach (var tool in tools.Distinct())
        {
            var known = new Known(tool, ReadName.Of(tool.Tool, text));
            Add(_bySkeleton, known.Name.Skeleton, known);
            if (known.Name.IsSpecific)
            {
                Add(_byName, tool.Tool, known);
                _lengths.Add(tool.Tool.Length);
                Add(_specific, tool.Server, known);
            }
        }
    }

    /// <summary>Whose names this tool's name resembles, the gravest first; at most 16.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="text">Buffers to read its name with; what they held is lost.</param>
    public IReadOnlyList<ToolShadow> NamesOf(ListedTool tool, MessageText text)
    {
        var name = ReadName.Of(tool.Tool, text);
        List<ToolShadow> found = [];
        foreach (var other in _bySkeleton.GetValueOrDefault(name.Skeleton) ?? [])
        {
            if (other.Tool.Server != tool.Server && (name.Plain != other.Name.Plain || name.IsSpecific))
            {
                found.Add(new(IsSame(tool.Tool, other.Tool.Tool, name, other.Name) ? ShadowKind.SameName : ShadowKind.LookAlike, other.Tool, 0, 0));
            }
        }

        foreach (var other in _specific.Where(each => each.Key != tool.Server).SelectMany(each => each.Value))
        {
            if (other.Name.Skeleton != name.Skeleton && name.IsNear(other.Name))
            {
                found.Add(new(ShadowKind.NearName, other.Tool, 0, 0));
            }
        }

        return [.. found.OrderBy(each => each.Kind).Take(MaxFound)];
    }

    /// <summary>Which tools of other servers a definition names, the gravest first; at most 16, each once.</summary>
    /// <param name="tool">The tool.</param>
    /// <param name="definition">Its definition, read.</param>
    public IReadOnlyList<ToolShadow> ReferencesOf(ListedTool tool, MessageText definition)
    {
        Dictionary<ListedTool, ToolShadow> found = [];
        var text = definition.Normal.Chars;
        var names = _byName.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var at = 0; at < text.Length && found.Count < MaxFound;)
        {
            if (!IsPart(text[at]))
            {
                at++;
                continue;
            }

            var end = at;
            while (end < text.Length && IsPart(text[end]))
            {
                end++;
            }

            // Clients put the server's name before the tool's, so every end of the word is tried that is as long as a name: a word of many pieces is not hashed once a piece.
            var last = at + text[at..end].TrimEnd("-.").Length;
            for (var start = at; start < last; start = NextPiece(text, start, end))
            {
                if (_lengths.Contains(last - start) && names.TryGetValue(text[start..last], out var known))
                {
                    Note(found, tool, known, definition, start, end);
                    break;
                }
            }

            at = end;
        }

        return [.. found.Values.OrderBy(each => each.Kind)];
    }

    private static void Note(Dictionary<ListedTool, ToolShadow> found, ListedTool tool, List<Known> named, MessageText definition, int start, int end)
    {
        // A server that has such a tool itself means its own.
        if (named.Any(other => other.Tool.Server == tool.Server))
        {
            return;
        }

        var text = definition.Normal.Chars;
        var isDirective = Directives.In(text[Math.Max(0, start - Nearby)..start]) || Directives.In(text[end..Math.Min(text.Length, end + Nearby)]);
        var (at, length) = definition.Normal.ToBytes(start, end - start);
        foreach (var other in named)
        {
            var shadow = new ToolShadow(isDirective ? ShadowKind.Directive : ShadowKind.Reference, other.Tool, at, length);
            if (!found.TryGetValue(other.Tool, out var before) || before.Kind > shadow.Kind)
            {
                found[other.Tool] = shadow;
            }
        }
    }

    // Whatever is not ASCII in a name that reads like another's was put there to be overlooked, unless the other has it too.
    private static bool IsSame(string name, string other, ReadName read, ReadName otherRead) =>
        read.Plain == otherRead.Plain && (name == other || (Ascii.IsValid(name) && Ascii.IsValid(other)));

    private static bool IsPart(char c) => char.IsLetterOrDigit(c) || c is '_' or '-' or '.';

    private static int NextPiece(ReadOnlySpan<char> text, int start, int end)
    {
        var separator = text[start..end].IndexOfAny('_', '-', '.');
        return separator < 0 ? end : start + separator + 1;
    }

    private static void Add(Dictionary<string, List<Known>> index, string key, Known known)
    {
        if (!index.TryGetValue(key, out var those))
        {
            index[key] = those = [];
        }

        those.Add(known);
    }

    private sealed record Known(ListedTool Tool, ReadName Name);
}
