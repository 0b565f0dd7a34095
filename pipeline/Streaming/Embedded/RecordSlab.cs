using System.Buffers;

namespace McpLedger.Streaming.Embedded;

/// <summary>
/// Keeps the bytes of records that are read in one go, many in one array: an array each would be cleared, counted and moved by the collector one by one.
/// Whoever keeps one record keeps its neighbours, <see cref="Size"/> bytes at most.
/// </summary>
internal sealed class RecordSlab
{
    // Below what the collector takes for large, so that it goes with the youngest where nobody gives it back.
    private const int Size = 64 * 1024;

    private readonly List<byte[]> _slabs = [];
    private int _used;

    /// <summary>A copy of a record.</summary>
    /// <param name="record">Its bytes.</param>
    /// <param name="expected">How many bytes may still come, it included: no more room is set aside than that.</param>
    public ReadOnlyMemory<byte> Keep(ReadOnlySpan<byte> record, long expected)
    {
        if (record.Length > Size)
        {
            return record.ToArray();
        }

        if (_slabs.Count == 0 || record.Length > _slabs[^1].Length - _used)
        {
            _slabs.Add(ArrayPool<byte>.Shared.Rent((int)Math.Clamp(expected, record.Length, Size)));
            _used = 0;
        }

        var kept = _slabs[^1].AsMemory(_used, record.Length);
        record.CopyTo(kept.Span);
        _used += record.Length;
        return kept;
    }

    /// <summary>Lets the next reads have the arrays; nothing that was kept may be looked at again.</summary>
    public void GiveBack()
    {
        foreach (var slab in _slabs)
        {
            ArrayPool<byte>.Shared.Return(slab);
        }

        _slabs.Clear();
    }
}
