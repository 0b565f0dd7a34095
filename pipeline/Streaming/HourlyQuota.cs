namespace McpLedger.Streaming;

/// <summary>How much one name may bring into a log in an hour. A log keeps what it was given and everybody reads it: who floods it must not be the one who says how much.</summary>
/// <remarks>One quota counts its hours by one clock: that of events, or one that nobody sets.</remarks>
/// <param name="anHour">What a name has each hour.</param>
public sealed class HourlyQuota(int anHour)
{
    private const int MaxNames = 10_000;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Spent> _spent = new(StringComparer.Ordinal);

    /// <summary>Takes one of a name's; false when what it has this hour does not suffice.</summary>
    /// <param name="name">Who brings it.</param>
    /// <param name="at">When.</param>
    public bool TryTake(string name, DateTimeOffset at) => TryTake(name, 1, at, out _);

    /// <summary>Takes some of a name's; false, and nothing is taken, when what it has this hour does not suffice.</summary>
    /// <param name="name">Who brings it.</param>
    /// <param name="count">How much it is.</param>
    /// <param name="at">When.</param>
    /// <param name="isFirst">Whether it is the first this hour that does not suffice.</param>
    public bool TryTake(string name, int count, DateTimeOffset at, out bool isFirst) => TryTake(name, count, at.UtcTicks / TimeSpan.TicksPerHour, out isFirst);

    /// <summary>Takes one of a name's now; false when what it has this hour does not suffice.</summary>
    /// <param name="name">Who brings it.</param>
    /// <param name="clock">Hours are those of its timestamps: a wall clock that was ahead for a while takes none away.</param>
    public bool TryTake(string name, TimeProvider clock) => TryTake(name, 1, clock, out _);

    /// <summary>Takes some of a name's now; false, and nothing is taken, when what it has this hour does not suffice.</summary>
    /// <param name="name">Who brings it.</param>
    /// <param name="count">How much it is.</param>
    /// <param name="clock">Hours are those of its timestamps: a wall clock that was ahead for a while takes none away.</param>
    /// <param name="isFirst">Whether it is the first this hour that does not suffice.</param>
    public bool TryTake(string name, int count, TimeProvider clock, out bool isFirst) => TryTake(name, count, clock.GetElapsedTime(0).Ticks / TimeSpan.TicksPerHour, out isFirst);

    /// <summary>Gives back what was taken and then not brought.</summary>
    public void GiveBack(string name, int count)
    {
        lock (_gate)
        {
            if (_spent.TryGetValue(name, out var spent))
            {
                _spent[name] = spent with { Count = Math.Max(0, spent.Count - count) };
            }
        }
    }

    private bool TryTake(string name, int count, long hour, out bool isFirst)
    {
        lock (_gate)
        {
            // What is handed over late counts in the hour that is known already: it does not bring an earlier one back.
            var spent = _spent.TryGetValue(name, out var known) && known.Hour >= hour ? known : new(hour, 0, IsTold: false);
            var suffices = count <= anHour - spent.Count;
            isFirst = !suffices && !spent.IsTold;
            MakeRoom(name, hour);
            _spent[name] = suffices ? spent with { Count = spent.Count + count } : spent with { IsTold = true };
            return suffices;
        }
    }

    private void MakeRoom(string name, long hour)
    {
        if (_spent.Count < MaxNames || _spent.ContainsKey(name))
        {
            return;
        }

        foreach (var (other, spent) in _spent)
        {
            if (spent.Hour < hour)
            {
                _spent.Remove(other);
            }
        }

        if (_spent.Count >= MaxNames)
        {
            _spent.Clear();
        }
    }

    private readonly record struct Spent(long Hour, int Count, bool IsTold);
}
