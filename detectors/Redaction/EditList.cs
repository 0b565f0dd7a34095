using System.Runtime.InteropServices;

namespace McpLedger.Detectors.Redaction;

/// <summary>
/// What is to change in a message, as ranges of its bytes: whatever is in no range stays the very byte it was. Used again for the next message.
/// </summary>
public sealed class EditList
{
    private const int EditBytes = 24;
    private readonly List<TextEdit> _edits = [];
    private readonly List<byte> _inserts = [];

    // By how much the bytes before each edit have moved; as long as the edits stay, so that a place is found without passing over them.
    private readonly List<int> _shifts = [];

    /// <summary>In the order of the message; none touches another.</summary>
    public ReadOnlySpan<TextEdit> Edits => CollectionsMarshal.AsSpan(_edits);

    /// <summary>The bytes that edits put in, one after the other.</summary>
    public ReadOnlySpan<byte> Inserts => CollectionsMarshal.AsSpan(_inserts);

    /// <summary>Bytes that the list keeps for the messages after this one.</summary>
    public int Kept => (_edits.Capacity * EditBytes) + _inserts.Capacity + (_shifts.Capacity * sizeof(int));

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

    /// <summary>Where a byte of the changed message stood before.</summary>
    /// <param name="offset">In the changed message.</param>
    /// <param name="isEnd">True for the end of a range: what was taken out right before it is left out.</param>
    public int ToBefore(int offset, bool isEnd)
    {
        var edits = Edits;
        Measure(edits);
        var low = 0;
        var high = edits.Length;
        while (low < high)
        {
            var middle = (low + high) / 2;
            var start = edits[middle].Start + _shifts[middle];
            if (start < offset || (start == offset && !isEnd))
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low == 0)
        {
            return offset;
        }

        var (edit, shift) = (edits[low - 1], _shifts[low - 1]);
        return offset < edit.Start + shift + edit.InsertLength ? (isEnd ? edit.End : edit.Start) : offset - shift - edit.InsertLength + edit.Length;
    }

    /// <summary>Where a byte stands in the changed message; for one that was taken out, where what replaces it begins.</summary>
    public int ToAfter(int offset)
    {
        var shift = 0;
        foreach (var edit in Edits)
        {
            if (offset < edit.End)
            {
                return Math.Min(offset, edit.Start) + shift;
            }

            shift += edit.InsertLength - edit.Length;
        }

        return offset + shift;
    }

    /// <summary>Takes all edits back.</summary>
    public void Clear()
    {
        _edits.Clear();
        _inserts.Clear();
        _shifts.Clear();
    }

    /// <summary>Adds an edit. <see cref="Settle"/> comes after the last one.</summary>
    /// <param name="start">First byte that goes.</param>
    /// <param name="length">How many go.</param>
    /// <param name="insert">What stands there instead.</param>
    /// <param name="kind">Why.</param>
    public void Add(int start, int length, ReadOnlySpan<byte> insert, string kind)
    {
        _edits.Add(new(start, length, _inserts.Count, insert.Length, kind));
        _inserts.AddRange(insert);
        _shifts.Clear();
    }

    /// <summary>Numbers the placeholders, so that no two are equal: two names that were different are different afterwards.</summary>
    public void Number()
    {
        var inserts = _inserts.ToArray();
        _inserts.Clear();
        _shifts.Clear();
        Span<byte> number = stackalloc byte[12];
        for (var i = 0; i < _edits.Count; i++)
        {
            var insert = inserts.AsSpan(_edits[i].InsertStart, _edits[i].InsertLength);
            var (start, close) = (_inserts.Count, insert.LastIndexOf((byte)']'));
            if (close < 0)
            {
                _inserts.AddRange(insert);
            }
            else
            {
                i.TryFormat(number, out var written, default, System.Globalization.CultureInfo.InvariantCulture);
                _inserts.AddRange(insert[..close]);
                _inserts.Add((byte)':');
                _inserts.AddRange(number[..written]);
                _inserts.AddRange(insert[close..]);
            }

            _edits[i] = _edits[i] with { InsertStart = start, InsertLength = _inserts.Count - start };
        }
    }

    /// <summary>Takes back the edits that touch a range of the message.</summary>
    public void Remove(int start, int length)
    {
        _edits.RemoveAll(edit => edit.Start < start + length && edit.End > start);
        _shifts.Clear();
    }

    /// <summary>Adds the edits of another list, planned on the message as <paramref name="earlier"/> changed it, as edits of the message before. Both are settled.</summary>
    public void Add(EditList edits, EditList earlier)
    {
        foreach (var edit in edits.Edits)
        {
            var start = earlier.ToBefore(edit.Start, isEnd: false);
            Add(start, earlier.ToBefore(edit.End, isEnd: true) - start, edits.Inserts.Slice(edit.InsertStart, edit.InsertLength), edit.Kind);
        }
    }

    /// <summary>Puts the edits in order; of two that touch, the one that begins first stays, and grows over the other.</summary>
    public void Settle()
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
        _shifts.Clear();
    }

    private void Measure(ReadOnlySpan<TextEdit> edits)
    {
        if (_shifts.Count == edits.Length)
        {
            return;
        }

        var shift = 0;
        foreach (var edit in edits)
        {
            _shifts.Add(shift);
            shift += edit.InsertLength - edit.Length;
        }
    }
}
