using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Text;

namespace McpLedger.Gateway.Screening;

/// <summary>
/// What one stream has said last, so that a value that two of its messages share is found. A message of a stream says one thing (a line of a log, a step of progress, a piece of an answer) and
/// numbers and names around it: its longest text is what is carried on.
/// </summary>
internal sealed class StreamMemory
{
    private const int MaxChars = 8192;
    private const int MaxValues = 32;
    private StreamTail? _tail;

    /// <summary>What spans the border to the last message; starts are negative by what was released.</summary>
    public DlpFindings Shared { get; } = new(MaxValues);

    /// <summary>The values of <see cref="Shared"/>, whole.</summary>
    public IReadOnlyList<string> SharedValues => _tail?.Values ?? [];

    /// <summary>Whether anything was said, so that there is a border.</summary>
    public bool HasSaid => _tail is not null;

    /// <summary>The end of what was said, for whoever goes on elsewhere; null where nothing was said.</summary>
    public string? Tail => _tail?.Tail;

    /// <summary>A stream that goes on where another one ended.</summary>
    /// <param name="tail">The end of what that one said; null where it said nothing.</param>
    /// <returns>Null where nothing was said.</returns>
    public static StreamMemory? After(string? tail)
    {
        if (tail is null)
        {
            return null;
        }

        var memory = new StreamMemory { _tail = new(MaxChars, MaxValues) };
        memory._tail.Next(tail, memory.Shared);
        return memory;
    }

    /// <summary>Searches the border and carries on.</summary>
    /// <param name="text">The message.</param>
    /// <returns>The leaf that <see cref="Shared"/> speaks of; null when there is none.</returns>
    public TextLeaf? Next(MessageText text)
    {
        TextLeaf? longest = null;
        foreach (var leaf in text.Leaves)
        {
            if (leaf.Kind == TextLeafKind.Value && leaf.Length > (longest?.Length ?? 0))
            {
                longest = leaf;
            }
        }

        if (longest is { } said)
        {
            (_tail ??= new(MaxChars, MaxValues)).Next(text.Plain.Chars.Slice(said.Start, said.Length), Shared);
        }

        return longest;
    }
}
