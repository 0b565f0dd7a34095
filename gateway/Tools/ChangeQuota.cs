using System.Collections.Concurrent;

namespace McpLedger.Gateway.Tools;

/// <summary>
/// How many changes of a server's instructions are recorded in an hour. The control log keeps them for good and a server may say something else in every session: what is withheld whatever it says next need not be written down each time.
/// </summary>
internal sealed class ChangeQuota(TimeProvider time)
{
    /// <summary>Changes of one server in an hour.</summary>
    public const int AnHour = 16;

    private readonly ConcurrentDictionary<string, (long Hour, int Taken)> _taken = new(StringComparer.Ordinal);

    /// <summary>Takes one of a server's; false when there is none left.</summary>
    /// <param name="server">A configured server.</param>
    /// <param name="isFirst">Whether it is the first that is not there any more this hour.</param>
    public bool TryTake(string server, out bool isFirst)
    {
        var hour = time.GetUtcNow().Ticks / TimeSpan.TicksPerHour;
        var (_, taken) = _taken.AddOrUpdate(server, (hour, 1), (_, known) => known.Hour == hour ? (hour, Math.Min(known.Taken + 1, AnHour + 2)) : (hour, 1));
        isFirst = taken == AnHour + 1;
        return taken <= AnHour;
    }
}
