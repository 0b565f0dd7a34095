using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// What became durable on this machine and is on its way to the cluster: one row of segment files that carries the chain of every partition. Which partition
/// a record goes to is said by its chain, in the stored bytes themselves.
/// </summary>
internal sealed class Spool : IAsyncDisposable
{
    public const string FolderName = "spool";

    private const int ReadBytes = 1024 * 1024;

    private readonly PartitionWriter _writer;

    private Spool(PartitionLog log, PartitionWriter writer, long found) => (Log, _writer, Found) = (log, writer, found);

    /// <summary>The segments. Their partition's name says nothing: it is that of the first calls partition.</summary>
    public PartitionLog Log { get; }

    /// <summary>Where it ended when it was opened.</summary>
    public long Found { get; }

    public LedgerHealth Health => _writer.Health;

    /// <summary>Opens the spool and begins this boot's chains, each behind the last record that this instance wrote to its partition.</summary>
    /// <param name="folder">The ledger's folder, <c>kafka/</c>.</param>
    /// <param name="options">The ledger's.</param>
    /// <param name="instance">Name of this instance.</param>
    /// <param name="positions">What is known of records that are no longer in the spool.</param>
    /// <param name="chains">The partitions and the names of their chains, with the first event of each.</param>
    /// <param name="telemetry">Where it is told.</param>
    /// <param name="time">The clock.</param>
    /// <exception cref="IOException">The disk refuses.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The writer belongs to the spool.")]
    public static Spool Open(string folder, KafkaLedgerOptions options, string instance, LedgerPositions positions, IReadOnlyList<(LedgerPartition Partition, string Chain, EventDraft Started)> chains, LedgerTelemetry telemetry, TimeProvider time)
    {
        var kept = OptionsOf(folder, options);
        var log = LogOf(folder);
        var found = 0L;
        var writer = PartitionWriter.Open(
            log,
            recovered =>
            {
                found = recovered.End;
                return Begin(log, instance, positions, chains);
            },
            kept,
            time,
            telemetry,
            new(kept, telemetry));
        return new(log, writer, found);
    }

    /// <summary>The segments in a folder, as they lie there.</summary>
    public static PartitionLog LogOf(string folder) => new(LedgerPartition.Calls, Path.Combine(folder, FolderName));

    /// <summary>The records from an offset on that can be read, whatever stands between them. Of a segment in which damage was not accepted these are the ones before it: the places of those behind it are not settled yet.</summary>
    public static IEnumerable<LedgerRecord> ReadableFrom(PartitionLog log, long from)
    {
        for (var (next, end) = (from, log.Bounds.End); next < end;)
        {
            var batch = log.Read(next, ReadBytes);
            foreach (var record in batch.Records)
            {
                yield return record;
            }

            next = batch.Records.Count > 0 ? batch.Next : log.Segments.Select(static s => s.BaseOffset).FirstOrDefault(b => b > next, end);
        }
    }

    /// <summary>Tells the partition that a record goes to.</summary>
    /// <returns>False when its bytes name none.</returns>
    public static bool TryPlace(ReadOnlySpan<byte> record, out LedgerPartition partition, out ChainLink link)
    {
        partition = default;
        return EventReader.TryReadChain(record, out link, out _)
            && link.Chain.LastIndexOf('/') is > 0 and var slash
            && LedgerPartition.TryParse(link.Chain.AsSpan(slash + 1), out partition);
    }

    public ValueTask<Appended> AppendAsync(EventDraft draft, LedgerPartition partition, bool own, CancellationToken cancellationToken) =>
        _writer.AppendAsync(draft, partition, own, cancellationToken);

    /// <summary>Bytes that an event's record may take.</summary>
    public int LongestOf(EventDraft draft) => _writer.LongestOf(draft);

    public long WrittenTo(LedgerPartition partition) => _writer.WrittenTo(partition);

    /// <summary>Writes what waits and returns when nothing does.</summary>
    public async ValueTask DisposeAsync() => await _writer.CloseAsync().ConfigureAwait(false);

    /// <summary>How its segments are kept.</summary>
    public static EmbeddedLedgerOptions OptionsOf(string folder, KafkaLedgerOptions options) => new()
    {
        Folder = folder,
        SegmentBytes = Math.Max(options.Spool.SegmentBytes, 2L * SegmentFormat.Framed(options.MaxRecordBytes)),
        MaxRecordBytes = options.MaxRecordBytes,
        MaxGroupBytes = options.Spool.MaxGroupBytes,
        MaxQueuedAppends = options.MaxQueuedAppends,
        MaxQueuedBytes = options.MaxQueuedBytes,
        FirstProbeDelay = options.FirstRetryDelay,
        LongestProbeDelay = options.LongestRetryDelay,
        OffsetsAreFinal = false,
        Sync = options.Spool.Sync,
    };

    /// <summary>
    /// Begins a segment behind damage that the last one ends in, as a boot that writes does: only what has a segment behind it has an end, stands in the way of shipping and can be stepped over.
    /// </summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static void EndDamage(PartitionLog log, EmbeddedLedgerOptions kept, TimeProvider time, LedgerTelemetry telemetry)
    {
        if (PartitionRecovery.Recover(log) is { Damage: not null } recovered)
        {
            SegmentRoll.Open(log, recovered, kept, time, telemetry).Dispose();
        }
    }

    private static IEnumerable<LedgerRecord> ReadableOf(PartitionLog log, Segment segment)
    {
        using var batches = log.ReadableOf(segment).GetEnumerator();
        while (true)
        {
            try
            {
                if (!batches.MoveNext())
                {
                    yield break;
                }
            }
            catch (IOException)
            {
                // A file that cannot be read keeps no ledger closed: it stands in the way of shipping, which names it.
                yield break;
            }

            foreach (var record in batches.Current.Records)
            {
                yield return record;
            }
        }
    }

    private static List<BegunChain> Begin(PartitionLog log, string instance, LedgerPositions positions, IReadOnlyList<(LedgerPartition Partition, string Chain, EventDraft Started)> chains)
    {
        var last = new Dictionary<LedgerPartition, (ChainLink Link, ReadOnlyMemory<byte> Bytes)>();

        // Damage stays where it is and is named by the shipper; once it is accepted, what stands behind it is shipped before this boot's records, and the chain shows the gap and no more.
        foreach (var record in log.Segments.SelectMany(s => ReadableOf(log, s)))
        {
            if (TryPlace(record.Bytes.Span, out var partition, out var link) && LedgerIdentity.IsChainOf(link.Chain, instance))
            {
                last[partition] = (link, record.Bytes);
            }
        }

        return [.. chains.Select(c => new BegunChain(c.Partition, new(c.Chain, PreviousOf(c.Partition)), c.Started))];

        // The folder may be older than what is known of the cluster, and then so is what lies in it.
        Digest PreviousOf(LedgerPartition partition) =>
            last.TryGetValue(partition, out var here) && (positions.Of(partition, instance) is not { } there || OrderOf(here.Link.Chain, here.Link.Seq).CompareTo(OrderOf(there.Chain, there.Seq)) >= 0) ? Digest.Of(here.Bytes.Span)
            : Digest.TryParse(positions.Of(partition, instance)?.Sha256, out var known) ? known
            : Digest.Zero;

        static (long Epoch, long Seq) OrderOf(string chain, long seq) => (ChainLink.EpochOf(chain), seq);
    }
}
