using System.Buffers;
using System.Globalization;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Parking;

/// <summary>
/// Parked records of one machine: <c>parked/{consumer}/{partition}-{offset}.record</c> holds the exact bytes,
/// <c>….json</c> beside it says why. The second is written last, so what is listed is whole.
/// </summary>
/// <param name="dataFolder">The ledger's data folder.</param>
/// <param name="time">The clock.</param>
public sealed class ParkingFolder(string dataFolder, TimeProvider time) : IParkingLot
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _root = Path.Combine(dataFolder, "parked");

    /// <inheritdoc/>
    public async ValueTask ParkAsync(string consumer, LedgerRecord record, string reason, CancellationToken cancellationToken)
    {
        var stem = Stem(consumer, record.Partition, record.Offset);
        DurableFile.CreateFolder(Path.GetDirectoryName(stem)!);
        DurableFile.Replace(stem + ".record", record.Bytes.Span, Mode);
        var bytes = new ArrayBufferWriter<byte>();
        var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = true });
        await using var _ = json.ConfigureAwait(false);
        ParkedJson.Write(json, new(consumer, record.Partition, record.Offset, time.GetUtcNow(), Digest.Of(record.Bytes.Span), reason));
        await json.FlushAsync(cancellationToken).ConfigureAwait(false);
        DurableFile.Replace(stem + ".json", bytes.WrittenSpan, Mode);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<ParkedRecord>> ListAsync(CancellationToken cancellationToken) => new(
        !Directory.Exists(_root) ? [] :
        [.. Directory.EnumerateFiles(_root, "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(Read)]);

    /// <inheritdoc/>
    public async ValueTask<LedgerRecord> TakeAsync(ParkedRecord parked, CancellationToken cancellationToken)
    {
        try
        {
            return parked.Holding(await File.ReadAllBytesAsync(Stem(parked.Consumer, parked.Partition, parked.Offset) + ".record", cancellationToken).ConfigureAwait(false));
        }
        catch (FileNotFoundException)
        {
            throw new NotParkedException(parked);
        }
    }

    /// <inheritdoc/>
    public ValueTask ForgetAsync(ParkedRecord parked, CancellationToken cancellationToken)
    {
        var stem = Stem(parked.Consumer, parked.Partition, parked.Offset);
        File.Delete(stem + ".json");
        File.Delete(stem + ".record");
        DurableFile.SyncFolder(Path.GetDirectoryName(stem)!);
        return ValueTask.CompletedTask;
    }

    private static ParkedRecord Read(string path) =>
        ParkedJson.Read(File.ReadAllBytes(path)) ?? throw new IOException($"'{path}' does not say what is parked.");

    private string Stem(string consumer, LedgerPartition partition, long offset) =>
        Path.Combine(_root, consumer, partition.ToString() + "-" + offset.ToString("D20", CultureInfo.InvariantCulture));
}
