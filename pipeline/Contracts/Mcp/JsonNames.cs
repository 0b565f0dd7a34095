using System.Buffers;
using System.Buffers.Binary;

namespace McpLedger.Contracts.Mcp;

/// <summary>One open object: where its names begin among those of all open objects.</summary>
/// <param name="FirstName">Index of its first name.</param>
/// <param name="FirstScratch">Length of the scratch when it was opened.</param>
/// <param name="Folds">True in the objects that the protocol defines: there names that differ only in case are the same name.</param>
internal record struct JsonMembers(int FirstName, int FirstScratch, bool Folds)
{
    /// <summary>A member was read already, so the next one needs a comma.</summary>
    public bool Begun { get; set; }
}

/// <summary>
/// The member names of every object that is open, to find the ones that stand twice. Names are kept as ranges; only those that were escaped, or that fold,
/// are written out into a scratch.
/// </summary>
internal ref struct JsonNames(ReadOnlyMemory<byte> json)
{
    /// <summary>Up to here every name is compared with every other, which is faster than sorting them.</summary>
    private const int FewNames = 24;

    private readonly ReadOnlyMemory<byte> _json = json;
    private Entry[] _entries = ArrayPool<Entry>.Shared.Rent(64);
    private byte[] _scratch = [];
    private int _count;
    private int _scratchLength;

    public readonly JsonMembers Open(bool folds) => new(_count, _scratchLength, folds);

    /// <summary>Room for <paramref name="length"/> bytes; what is written there stays after <see cref="Keep"/>, until its object is closed.</summary>
    public Span<byte> Reserve(int length)
    {
        if (_scratch.Length - _scratchLength < length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(512, (_scratchLength + length) * 2));
            _scratch.AsSpan(0, _scratchLength).CopyTo(larger);
            ReturnScratch();
            _scratch = larger;
        }

        return _scratch.AsSpan(_scratchLength, length);
    }

    /// <summary>Keeps the first <paramref name="length"/> bytes of what was reserved.</summary>
    /// <returns>Where in the scratch they begin.</returns>
    public int Keep(int length)
    {
        _scratchLength += length;
        return _scratchLength - length;
    }

    public void Add(scoped ReadOnlySpan<byte> name, int start, bool inScratch) => Push(new(HeadOf(name), start, name.Length, inScratch));

    /// <summary>Closes an object.</summary>
    /// <returns>True with the name when one stood twice.</returns>
    public bool Close(JsonMembers members, out ReadOnlySpan<byte> twice)
    {
        var names = _entries.AsSpan(members.FirstName, _count - members.FirstName);
        var found = names.Length <= FewNames ? AmongFew(names, out twice) : AmongMany(names, out twice);
        _count = members.FirstName;
        _scratchLength = members.FirstScratch;
        return found;
    }

    public void Release()
    {
        ArrayPool<Entry>.Shared.Return(_entries);
        _entries = [];
        ReturnScratch();
    }

    private readonly bool AmongFew(ReadOnlySpan<Entry> names, out ReadOnlySpan<byte> twice)
    {
        for (var later = 1; later < names.Length; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                if (names[later].Head == names[earlier].Head && names[later].Length == names[earlier].Length
                    && (names[later].Length <= sizeof(ulong) || NameOf(names[later]).SequenceEqual(NameOf(names[earlier]))))
                {
                    twice = NameOf(names[later]);
                    return true;
                }
            }
        }

        twice = default;
        return false;
    }

    /// <summary>Sorts, so that no choice of names makes it quadratic, as it can make a table whose hash is known.</summary>
    private readonly bool AmongMany(ReadOnlySpan<Entry> names, out ReadOnlySpan<byte> twice)
    {
        var sorted = new ReadOnlyMemory<byte>[names.Length];
        for (var i = 0; i < names.Length; i++)
        {
            sorted[i] = (names[i].InScratch ? _scratch : _json).Slice(names[i].Start, names[i].Length);
        }

        Array.Sort(sorted, static (a, b) => a.Span.SequenceCompareTo(b.Span));
        for (var i = 1; i < sorted.Length; i++)
        {
            if (sorted[i].Span.SequenceEqual(sorted[i - 1].Span))
            {
                twice = sorted[i].Span;
                return true;
            }
        }

        twice = default;
        return false;
    }

    private readonly ReadOnlySpan<byte> NameOf(in Entry entry) =>
        entry.InScratch ? _scratch.AsSpan(entry.Start, entry.Length) : _json.Span.Slice(entry.Start, entry.Length);

    private void Push(Entry entry)
    {
        if (_count == _entries.Length)
        {
            var larger = ArrayPool<Entry>.Shared.Rent(_count * 2);
            _entries.CopyTo(larger, 0);
            ArrayPool<Entry>.Shared.Return(_entries);
            _entries = larger;
        }

        _entries[_count++] = entry;
    }

    private readonly void ReturnScratch()
    {
        if (_scratch.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_scratch);
        }
    }

    private static ulong HeadOf(ReadOnlySpan<byte> name)
    {
        if (name.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64LittleEndian(name);
        }

        var head = 0UL;
        foreach (var b in name)
        {
            head = (head << 8) | b;
        }

        return head;
    }

    private readonly record struct Entry(ulong Head, int Start, int Length, bool InScratch);
}
