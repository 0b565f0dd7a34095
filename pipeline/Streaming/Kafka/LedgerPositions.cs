using System.Text.Json;
using System.Text.Json.Serialization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Where this instance's last acknowledged records stand, kept in <c>kafka/positions.json</c>. It is where a look for what landed begins, never the word on it:
/// an old one only makes the look longer.
/// </summary>
internal sealed record LedgerPositions
{
    private const string FileName = "positions.json";

    /// <summary>Id of the ledger that the offsets belong to.</summary>
    public string Ledger { get; init; } = "";

    /// <summary>Offset in the spool before which everything is in the cluster.</summary>
    public long Shipped { get; init; }

    /// <summary>By partition, such as <c>calls-0</c>.</summary>
    public IReadOnlyDictionary<string, LandedPosition> Partitions { get; init; } = new Dictionary<string, LandedPosition>();

    public LandedPosition? Of(LedgerPartition partition) => Partitions.GetValueOrDefault(partition.ToString());

    /// <summary>The same, where it is of this instance: a folder that got another name knows records of the one before, and no chain goes on from those of another instance.</summary>
    public LandedPosition? Of(LedgerPartition partition, string instance) => Of(partition) is { } known && LedgerIdentity.IsChainOf(known.Chain, instance) ? known : null;

    /// <summary>Offset that a look for an instance's last record begins at; null when nothing is known of it.</summary>
    public long? OffsetOf(LedgerPartition partition, string instance) => Of(partition, instance)?.Offset;

    /// <summary>The same, for a spool that ends at an offset: one that ends before what was shipped of it is another one, and none of it is in the cluster.</summary>
    public LedgerPositions Within(long end) => Shipped > end ? this with { Shipped = 0 } : this;

    /// <summary>Whether a record of the cluster is later than what is known of its partition.</summary>
    public bool IsBefore(LedgerPartition partition, LandedRecord found) =>
        Of(partition, found.Instance) is not { } known || (ChainLink.EpochOf(known.Chain), known.Seq).CompareTo((found.Epoch, found.Seq)) < 0;

    /// <summary>What a folder keeps for this ledger; nothing when it is of another one or cannot be read.</summary>
    public static LedgerPositions Read(string folder, EventId ledger)
    {
        try
        {
            var read = JsonSerializer.Deserialize(File.ReadAllBytes(Path.Combine(folder, FileName)), PositionsJson.Default.LedgerPositions);
            return read?.Ledger == ledger.ToString() ? read : new() { Ledger = ledger.ToString() };
        }
        catch (Exception e) when (e is JsonException or FileNotFoundException or DirectoryNotFoundException)
        {
            return new() { Ledger = ledger.ToString() };
        }
    }

    /// <summary>The same, but for what was acknowledged since.</summary>
    public LedgerPositions With(long shipped, IEnumerable<PartitionTrack> tracks)
    {
        var partitions = Partitions.ToDictionary(static p => p.Key, static p => p.Value);
        foreach (var track in tracks)
        {
            if (track.LastPosition() is { } last)
            {
                partitions[track.Partition.ToString()] = last;
            }
        }

        return this with { Shipped = Math.Max(Shipped, shipped), Partitions = partitions };
    }

    /// <summary>The same, with a record that was found in the cluster.</summary>
    public LedgerPositions With(LedgerPartition partition, LandedRecord found) => this with
    {
        Partitions = new Dictionary<string, LandedPosition>(Partitions) { [partition.ToString()] = new(found.Offset, found.Chain, found.Seq, found.Sha256.ToString()) },
    };

    /// <exception cref="IOException">The disk refuses.</exception>
    public void Write(string folder) =>
        DurableFile.Replace(Path.Combine(folder, FileName), JsonSerializer.SerializeToUtf8Bytes(this, PositionsJson.Default.LedgerPositions), UnixFileMode.UserRead | UnixFileMode.UserWrite);
}

/// <summary>A record of this instance in the cluster.</summary>
/// <param name="Offset">Where it stands.</param>
/// <param name="Chain">Its chain.</param>
/// <param name="Seq">Its place there.</param>
/// <param name="Sha256">Digest of its bytes.</param>
internal sealed record LandedPosition(long Offset, string Chain, long Seq, string Sha256);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(LedgerPositions))]
internal sealed partial class PositionsJson : JsonSerializerContext;
