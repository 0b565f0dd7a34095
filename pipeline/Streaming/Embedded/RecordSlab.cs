namespace McpLedger.Streaming.Embedded;

/// <summary>
/// Keeps the bytes of records that are read in one go, many in one array: an array each would be cleared, counted and moved by the collector one by one.
/// Whoever keeps one record keeps its neighbours, <see cref="Size"/> bytes at most.
/// </summary>
internal struct RecordSlab()
{
    // Below what the collector takes for large, so that it goes with the youngest.
    private const int Size = 64 * 1024;

    private byte[] _slab = [];
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

        if (record.Length > _slab.Length - _used)
        {
            _slab = GC.AllocateUninitializedArray<byte>((int)Math.Clamp(expected, record.Length, Size));
            _used = 0;
        }

        var kept = _slab.AsMemory(_used, record.Length);
        record.CopyTo(kept.Span);
        _used += record.Length;
        return kept;
    }
}
