using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Redaction;

/// <summary>
/// What is to change in a message, as ranges of its bytes: whatever is in no range stays the very byte it was. Used again for the next message.
/// </summary>
public sealed class EditList
{
    private readonly List<TextEdit> _edits = [];
    private readonly List<byte> _inserts = [];

    /// <summary>In the order of the message; none touches another.</summary>
    public ReadOnlySpan<TextEdit> Edits => CollectionsMarshal.AsSpan(_edits);

    /// <summary>The bytes that edits put in, one after the other.</summary>
    public ReadOnlySpan<byte> Inserts => CollectionsMarshal.AsSpan(_inserts);

    /// <summary>True when the message stays as it is.</summary>
    public bool IsEmpty => _edits.Count == 0;

    /// <summary>How long the message is afterwards.</summary>
    public int LengthAfter(int length)
    {
        foreach (var edit in Edits)
        {
            length += edit.InsertLength - edit.Length;
        }

        return length;
    }

    /// <summary>Writes the message with its changes.</summary>
    /// <param name="message">As it was.</param>
    /// <param name="changed">At least <see cref="LengthAfter"/> long.</param>
    /// <returns>Bytes written.</returns>
    public int Apply(ReadOnlySpan<byte> message, Span<byte> changed)
    {
        var (from, to) = (0, 0);
        foreach (var edit in Edits)
        {
            message[from..edit.Start].CopyTo(changed[to..]);
            to += edit.Start - from;
            Inserts.Slice(edit.InsertStart, edit.InsertLength).CopyTo(changed[to..]);
            to += edit.InsertLength;
            from = edit.End;
        }

        message[from..].CopyTo(changed[to..]);
        return to + message.Length - from;
    }

    internal void Clear()
    {
        _edits.Clear();
        _inserts.Clear();
    }

    internal void Add(int start, int length, ReadOnlySpan<byte> insert, string kind)
    {
        _edits.Add(new(start, length, _inserts.Count, insert.Length, kind));
        _inserts.AddRange(insert);
    }

    /// <summary>Puts the edits in order; of two that touch, the one that begins first stays, and grows over the other.</summary>
    internal void Settle()
    {
        var all = CollectionsMarshal.AsSpan(_edits);
        all.Sort(static (a, b) => a.Start != b.Start ? a.Start.CompareTo(b.Start) : b.Length.CompareTo(a.Length));
        var kept = 0;
        for (var i = 0; i < all.Length; i++)
        {
            if (kept > 0 && all[i].Start < all[kept - 1].End)
            {
                all[kept - 1] = all[kept - 1] with { Length = Math.Max(all[kept - 1].Length, all[i].End - all[kept - 1].Start) };
            }
            else
            {
                all[kept++] = all[i];
            }
        }

        CollectionsMarshal.SetCount(_edits, kept);
    }
}
