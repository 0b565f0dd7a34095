namespace McpLedger.Stages.Detection;

/// <summary>What was seen lately. Bounded by two generations: what was not seen again while the younger one filled is forgotten.</summary>
/// <param name="generation">Most values of one generation.</param>
internal sealed class RecentSet<T>(int generation)
{
    private HashSet<T> _young = [];
    private HashSet<T> _old = [];

    /// <summary>Remembers a value; true when it was not known.</summary>
    public bool IsNew(T value)
    {
        if (_young.Contains(value))
        {
            return false;
        }

        var isNew = !_old.Contains(value);
        if (_young.Count == generation)
        {
            (_old, _young) = (_young, []);
        }

        _young.Add(value);
        return isNew;
    }
}
