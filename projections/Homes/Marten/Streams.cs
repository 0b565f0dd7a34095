using System.Globalization;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Sessions;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>Names of Marten's streams: one a session, an actor's cut by the UTC day since it never ends, and one a partition for what belongs to no session.</summary>
internal static class Streams
{
    private const string Actor = "actor";

    public static string Of(LedgerEntry entry) => Traffic.Of(entry.Event.Data) is { } traffic
        ? traffic.Where.Session.Kind == Actor ? OfDay(traffic.Where.Session.Id, entry.Event.Header.Time) : StorableText.Key($"s/{traffic.Where.Session.Id}")
        : $"p/{entry.Partition}";

    /// <summary>The streams of a session, oldest first.</summary>
    public static IEnumerable<string> Of(SessionView session)
    {
        if (session.Kind != Actor)
        {
            yield return StorableText.Key($"s/{session.Session}");
            yield break;
        }

        for (var day = session.First.UtcDateTime.Date; day <= session.Last.UtcDateTime.Date; day = day.AddDays(1))
        {
            yield return OfDay(session.Session, day);
        }
    }

    private static string OfDay(string actor, DateTimeOffset time) =>
        string.Create(CultureInfo.InvariantCulture, $"a/{time.UtcDateTime:yyyy-MM-dd}/{StorableText.Key(actor)}");
}
