namespace McpLedger.Streaming.Consuming;

/// <summary>
/// Up to where everything is done: offsets are tracked in order, completed in any, and the position is behind the last one before which none is open.
/// Holes between offsets are fine. Not thread safe.
/// </summary>
public sealed class OffsetWatermark
{
    private readonly Queue<long> _order = new();
    private readonly HashSet<long> _open = [];
    private long _last = -1;
    private long _position = -1;
    private long _taken = -1;

    /// <summary>Offsets tracked and not completed.</summary>
    public int InFlight => _open.Count;

    /// <summary>An offset is being worked on.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not greater than every one before it.</exception>
    public void Track(long offset)
    {
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(offset, _last);
        _last = offset;
        _order.Enqueue(offset);
        _open.Add(offset);
    }

    /// <summary>An offset is done.</summary>
    /// <exception cref="ArgumentException">It is not open.</exception>
    public void Complete(long offset)
    {
        if (!_open.Remove(offset))
        {
            throw new ArgumentException($"Offset {offset} is not open.", nameof(offset));
        }

        while (_order.TryPeek(out var first) && !_open.Contains(first))
        {
            _position = _order.Dequeue() + 1;
        }
    }

    /// <summary>Whether the position moved since it was taken last.</summary>
    /// <param name="next">The offset to go on with after a restart.</param>
    public bool TryTakeCommittable(out long next)
    {
        next = _position;
        if (_position == _taken)
        {
            return false;
        }

        _taken = _position;
        return true;
    }
}
