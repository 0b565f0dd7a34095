using McpLedger.Gateway.Identity;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>What became of a request for a place. The safe value is zero (I7).</summary>
internal enum Placing
{
    /// <summary>There is none left.</summary>
    Full = 0,

    /// <summary>The caller has as many as one may have.</summary>
    ShareTaken = 1,

    /// <summary>It was given one.</summary>
    Given = 2,
}

/// <summary>
/// Places that callers share, such as the processes of a server. One caller has at most half of them, lest one take them from all others; who is let in without a credential is the one user of this machine,
/// and what serves all callers is nobody's: they may have them all.
/// </summary>
internal sealed class SharedPlaces
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Of, string? Caller), int> _taken = [];

    /// <summary>All places that are taken.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _taken.Where(each => each.Key.Caller is null).Sum(each => each.Value);
            }
        }
    }

    /// <summary>How many of <paramref name="most"/> places one caller may have.</summary>
    public static int ShareOf(int most) => (most + 1) / 2;

    /// <summary>Asks for a place, which <see cref="Release"/> gives back.</summary>
    /// <param name="of">What it is a place of.</param>
    /// <param name="most">How many of those there are.</param>
    /// <param name="caller">Who asks; null for what serves all callers.</param>
    public Placing Take(string of, int most, Principal? caller)
    {
        lock (_gate)
        {
            var own = OwnOf(of, caller);
            if (_taken.GetValueOrDefault((of, null)) >= most)
            {
                return Placing.Full;
            }

            if (own is { } share && _taken.GetValueOrDefault(share) >= ShareOf(most))
            {
                return Placing.ShareTaken;
            }

            Add((of, null), 1);
            Add(own, 1);
            return Placing.Given;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Release(string of, Principal? caller)
    {
        lock (_gate)
        {
            Add((of, null), -1);
            Add(OwnOf(of, caller), -1);
        }
    }

    private static (string Of, string? Caller)? OwnOf(string of, Principal? caller) => caller is null or { IsAnonymous: true } ? null : (of, caller.Binding);

    private void Add((string Of, string? Caller)? of, int change)
    {
        if (of is not { } key)
        {
            return;
        }

        var left = _taken.GetValueOrDefault(key) + change;
        if (left == 0)
        {
            _taken.Remove(key);
        }
        else
        {
            _taken[key] = left;
        }
    }
}
