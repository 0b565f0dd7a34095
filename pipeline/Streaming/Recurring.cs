namespace McpLedger.Streaming;

/// <summary>
/// A trouble that recurs, such as a broker that refuses connections ten times a second, is said at once and from then on every 30 s, with how often it was
/// left unsaid: a log that drowns says nothing. From any thread.
/// </summary>
/// <param name="time">The clock.</param>
public sealed class Recurring(TimeProvider time)
{
    private const int MaxKinds = 64;
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(30);

    private readonly Dictionary<string, (long Said, int Unsaid)> _kinds = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>How often a kind of trouble was left unsaid since it was last said; null when it is not to be said now.</summary>
    /// <param name="kind">A name from a short list, nothing from the wire: past 64 kinds all of them begin anew.</param>
    public int? Due(string kind)
    {
        lock (_gate)
        {
            if (_kinds.TryGetValue(kind, out var last) && time.GetElapsedTime(last.Said) < Every)
            {
                _kinds[kind] = last with { Unsaid = last.Unsaid + 1 };
                return null;
            }

            if (_kinds.Count >= MaxKinds)
            {
                _kinds.Clear();
            }

            _kinds[kind] = (time.GetTimestamp(), 0);
            return last.Unsaid;
        }
    }
}
