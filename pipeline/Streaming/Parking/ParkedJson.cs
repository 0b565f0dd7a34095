using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Parking;

/// <summary>What is said of a parked record, as JSON.</summary>
internal static class ParkedJson
{
    public static void Write(Utf8JsonWriter json, ParkedRecord parked)
    {
        json.WriteStartObject();
        json.WriteString("consumer", parked.Consumer);
        json.WriteString("partition", parked.Partition.ToString());
        json.WriteNumber("offset", parked.Offset);
        json.WriteString("time", parked.Parked);
        json.WriteString("sha256", parked.Sha256.ToString());
        json.WriteString("reason", parked.Reason);
        json.WriteEndObject();
    }

    /// <returns>Null when this is something else.</returns>
    public static ParkedRecord? Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using var document = JsonDocument.Parse(bytes);
            var root = document.RootElement;
            return LedgerPartition.TryParse(root.GetProperty("partition").GetString(), out var partition) && Digest.TryParse(root.GetProperty("sha256").GetString(), out var digest)
                ? new(root.GetProperty("consumer").GetString()!, partition, root.GetProperty("offset").GetInt64(), root.GetProperty("time").GetDateTimeOffset(), digest, root.GetProperty("reason").GetString()!)
                : null;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }
}
