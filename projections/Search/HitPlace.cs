using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Search;

/// <summary>A place in the order of hits, and as text the cursor of a page: the same in every index.</summary>
/// <param name="Micros">Time of the event, microseconds since 1970 UTC.</param>
/// <param name="Event">Its id, which decides between events of one moment.</param>
internal readonly record struct HitPlace(long Micros, string Event)
{
    private const int MomentLength = 16;

    public static HitPlace Of(Hit hit) => new(Contracts.Search.QueryValues.Micros(hit.Time), hit.Event);

    public static bool TryParse([NotNullWhen(true)] string? text, out HitPlace place)
    {
        place = default;
        if (text is null || text.Length <= MomentLength || text[MomentLength] != '-'
            || !long.TryParse(text.AsSpan(0, MomentLength), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var micros)
            || !EventId.TryParse(text.AsSpan(MomentLength + 1), out var id))
        {
            return false;
        }

        place = new(micros, id.ToString());
        return true;
    }

    /// <summary>Whether an event comes after this place: it is older, or of the same moment and of a lesser id.</summary>
    public bool IsBefore(long micros, string id) => micros < Micros || (micros == Micros && string.CompareOrdinal(id, Event) < 0);

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Micros:x16}-{Event}");
}
