using System.Globalization;

namespace McpLedger.Projections.Search;

/// <summary>Where a page of views ended, by moment and key, or by rank and key where no moment orders them: the same text in every home.</summary>
internal static class ViewCursor
{
    public static RequestFault? FaultOf(int limit, string? cursor) =>
        limit is < 1 or > SearchRequest.MostHits ? new("limit", $"{limit} is no page size.", $"From 1 to {SearchRequest.MostHits}.", null)
        : !string.IsNullOrEmpty(cursor) && Cut(cursor) is null ? new("cursor", "This is no cursor.", "Take it from the answer before as it is, or leave it out.", null)
        : null;

    public static string At(long moment, string key) => string.Create(CultureInfo.InvariantCulture, $"{moment:x}-{key}");

    /// <summary>Moment and key of a cursor; null when it is none.</summary>
    public static (long Moment, string Key)? Cut(string? cursor)
    {
        var dash = cursor?.IndexOf('-', StringComparison.Ordinal) ?? -1;
        return dash > 0 && long.TryParse(cursor.AsSpan(0, dash), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var moment) ? (moment, cursor![(dash + 1)..]) : null;
    }
}
