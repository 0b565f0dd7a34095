using System.Globalization;
using System.Text;

namespace McpLedger.Detectors.Text;

/// <summary>Where in a message a byte lies. Asked only about what was found: the walk itself keeps no paths.</summary>
public static class LeafPath
{
    /// <summary>Most characters of a path that is kept: names are the sender's.</summary>
    public const int Longest = 256;

    private const int Deepest = 256;

    /// <summary>The JSON pointer (RFC 6901) of the value that byte <paramref name="offset"/> belongs to; of the member, when it lies in a name.</summary>
    public static string Of(ReadOnlySpan<byte> json, int offset)
    {
        var steps = new (Slice Name, int Index)[Deepest];
        var depth = 0;
        var name = false;
        for (var at = 0; at < json.Length && at <= offset; at++)
        {
            switch (json[at])
            {
                case (byte)'{' or (byte)'[' when depth < Deepest - 1:
                    name = json[at] == '{';
                    steps[depth++] = (default, name ? -1 : 0);
                    break;
                case (byte)'}' or (byte)']' when depth > 0:
                    depth--;
                    name = false;
                    break;
                case (byte)',' when depth > 0:
                    ref var step = ref steps[depth - 1];
                    name = step.Index < 0;
                    step.Index += name ? 0 : 1;
                    break;
                case (byte)'"':
                    var start = ++at;
                    while (at < json.Length && json[at] != '"')
                    {
                        at += json[at] == '\\' ? 2 : 1;
                    }

                    at = Math.Min(at, json.Length);
                    if (name && depth > 0)
                    {
                        steps[depth - 1].Name = new(start, at - start);
                        name = false;
                    }

                    break;
                default:
                    break;
            }
        }

        var path = new StringBuilder();
        foreach (var (member, index) in steps.AsSpan(0, depth))
        {
            path.Append('/').Append(index >= 0 ? index.ToString(CultureInfo.InvariantCulture) : Member(member.Of(json)));
        }

        return path.ToString();
    }

    /// <summary>A path as it is kept: where it is longer than <see cref="Longest"/>, cut, with a mark that says so.</summary>
    public static string Shortened(string path) =>
        path.Length <= Longest ? path : string.Concat(path.AsSpan(0, char.IsHighSurrogate(path[Longest - 1]) ? Longest - 1 : Longest), "…");

    private static string Member(ReadOnlySpan<byte> raw)
    {
        var text = new MappedText(raw.Length + 2);
        JsonString.Append(raw, 0, escapes: true, text);
        return text.ToString().Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal);
    }
}
