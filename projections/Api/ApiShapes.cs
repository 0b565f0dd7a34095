using System.Text.Json;
using System.Text.Json.Serialization;
using McpLedger.Projections.Search;

namespace McpLedger.Projections.Api;

/// <summary>A field of the query language.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">keyword | number | duration | size | time | text.</param>
/// <param name="Meaning">What it says.</param>
/// <param name="Aliases">Other names it goes by.</param>
internal sealed record FieldLine(string Name, string Kind, string Meaning, IReadOnlyList<string> Aliases);

/// <summary>A record that could not be folded.</summary>
internal sealed record ParkedLine(string Consumer, string Partition, long Offset, DateTimeOffset Parked, string Sha256, string Reason);

/// <summary>An event with where it lies.</summary>
/// <param name="Hit">Where it lies and what it is about.</param>
/// <param name="Content">The whole event; null when the ledger does not keep it any more.</param>
internal sealed record EventDetail(Hit Hit, [property: JsonConverter(typeof(AsStored))] byte[]? Content);

/// <summary>Writes bytes that are JSON already: an event may nest deeper than serializers go.</summary>
internal sealed class AsStored : JsonConverter<byte[]>
{
    public override byte[] Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException("Answers are only written.");

    public override void Write(Utf8JsonWriter writer, byte[] value, JsonSerializerOptions options) => writer.WriteRawValue(value, skipInputValidation: true);
}

/// <summary>What building the search engine's index anew came to.</summary>
/// <param name="Generation">The generation that is now in force.</param>
/// <param name="Events">Events indexed.</param>
/// <param name="Refused">Records that were refused; they are parked.</param>
/// <param name="Seconds">How long it took.</param>
public sealed record IndexAnswer(int Generation, long Events, long Refused, double Seconds);

/// <summary>What a rebuild found.</summary>
/// <param name="Identical">Whether the same rows came back.</param>
/// <param name="Before">Digest of the rows that were in force.</param>
/// <param name="After">Digest of the rows that are now.</param>
/// <param name="Differences">Tables whose rows differ.</param>
/// <param name="Events">Events folded.</param>
/// <param name="Unfoldable">Records that could not be folded; they are parked.</param>
/// <param name="Forgotten">Events that the ledger does not keep any more.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="Added">Events behind where the read models before stood.</param>
/// <param name="OfVersion">The version that the rows before were of, where this program keeps another.</param>
public sealed record RebuildAnswer(
    bool Identical, string Before, string After, IReadOnlyList<string> Differences, long Events, long Unfoldable, long Forgotten, double Seconds, long Added, int? OfVersion)
{
    /// <summary>Says it.</summary>
    public static RebuildAnswer Of(RebuildReport report) =>
        new(report.Identical, report.Before, report.After, report.Differences, report.Events, report.Unfoldable, report.Forgotten, report.Took.TotalSeconds, report.Added, report.OfVersion);
}
