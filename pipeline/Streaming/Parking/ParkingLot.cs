using System.Buffers;
using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Parking;

/// <summary>
/// Where records go that a consumer cannot handle (I2): <c>parked/{consumer}/{partition}-{offset}.record</c> holds the exact bytes,
/// <c>….json</c> beside it says why. The second is written last, so what is listed is whole.
/// </summary>
/// <param name="dataFolder">The ledger's data folder.</param>
/// <param name="time">The clock.</param>
public sealed class ParkingLot(string dataFolder, TimeProvider time)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _root = Path.Combine(dataFolder, "parked");

    /// <summary>Parks a record; it is durable when this returns. Parking it again replaces the reason.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Park(string consumer, in LedgerRecord record, string reason)
    {
        var stem = Stem(consumer, record.Partition, record.Offset);
        DurableFile.CreateFolder(Path.GetDirectoryName(stem)!);
        DurableFile.Replace(stem + ".record", record.Bytes.Span, Mode);
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("consumer", consumer);
        json.WriteString("partition", record.Partition.ToString());
        json.WriteNumber("offset", record.Offset);
        json.WriteString("time", time.GetUtcNow());
        json.WriteString("sha256", Digest.Of(record.Bytes.Span).ToString());
        json.WriteString("reason", reason);
        json.WriteEndObject();
        json.Flush();
        DurableFile.Replace(stem + ".json", bytes.WrittenSpan, Mode);
    }

    /// <summary>What is parked, by consumer, partition and offset.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyList<ParkedRecord> List() =>
        !Directory.Exists(_root) ? [] :
        [.. Directory.EnumerateFiles(_root, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read)];

    /// <summary>What a consumer parked, oldest first.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public IReadOnlyList<ParkedRecord> ListOf(string consumer) => [.. List().Where(p => p.Consumer == consumer)];

    /// <summary>The bytes that were parked.</summary>
    /// <exception cref="IOException">They cannot be read, or are not those that were parked.</exception>
    public LedgerRecord Take(ParkedRecord parked)
    {
        var bytes = File.ReadAllBytes(Stem(parked.Consumer, parked.Partition, parked.Offset) + ".record");
        return Digest.Of(bytes) == parked.Sha256
            ? new(parked.Partition, parked.Offset, bytes)
            : throw new IOException($"The parked record {parked.Partition} offset {parked.Offset} of {parked.Consumer} is not what was parked.");
    }

    /// <summary>Forgets a parked record, after it was handled at last.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void Forget(ParkedRecord parked)
    {
        var stem = Stem(parked.Consumer, parked.Partition, parked.Offset);
        File.Delete(stem + ".json");
        File.Delete(stem + ".record");
        DurableFile.SyncFolder(Path.GetDirectoryName(stem)!);
    }

    private static ParkedRecord Read(string path)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            var root = document.RootElement;
            return LedgerPartition.TryParse(root.GetProperty("partition").GetString(), out var partition) && Digest.TryParse(root.GetProperty("sha256").GetString(), out var digest)
                ? new(root.GetProperty("consumer").GetString()!, partition, root.GetProperty("offset").GetInt64(), root.GetProperty("time").GetDateTimeOffset(), digest, root.GetProperty("reason").GetString()!)
                : throw new IOException($"'{path}' names no partition or digest.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new IOException($"'{path}' cannot be read: {e.Message}", e);
        }
    }

    private string Stem(string consumer, LedgerPartition partition, long offset) =>
        Path.Combine(_root, consumer, partition.ToString() + "-" + offset.ToString("D20", CultureInfo.InvariantCulture));
}

/// <summary>A record that a consumer could not handle.</summary>
/// <param name="Consumer">Name of the consumer.</param>
/// <param name="Partition">Where the record lies in the ledger.</param>
/// <param name="Offset">Its place there.</param>
/// <param name="Parked">When it was parked.</param>
/// <param name="Sha256">Digest of its bytes.</param>
/// <param name="Reason">Why it could not be handled.</param>
public sealed record ParkedRecord(string Consumer, LedgerPartition Partition, long Offset, DateTimeOffset Parked, Digest Sha256, string Reason);
