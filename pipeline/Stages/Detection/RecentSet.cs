namespace McpLedger.Stages.Detection;

/// <summary>What was seen lately, and when. Bounded by two generations: what was not seen again while the younger one filled is forgotten.</summary>
/// <param name="generation">Most values of one generation.</param>
internal sealed class RecentSet<T>(int generation)
    where T : notnull
{
    private Dictionary<T, DateTimeOffset> _young = [];
    private Dictionary<T, DateTimeOffset> _old = [];

    /// <summary>Remembers a value; true when it was not known, or was new so long ago that it is new again.</summary>
    public bool IsNew(T value, DateTimeOffset at, TimeSpan again)
    {
        var isYoung = _young.TryGetValue(value, out var since);
        var isKnown = (isYoung || _old.TryGetValue(value, out since)) && at - since < again;
        if (!isYoung && _young.Count == generation)
        {
            (_old, _young) = (_young, []);
        }

        _young[value] = isKnown ? since : at;
        return !isKnown;
    }
}
