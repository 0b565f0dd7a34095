using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>What a shipment came to.</summary>
/// <param name="Instance">The instance whose spool it was.</param>
/// <param name="Records">Records that lay in the spool and could be read.</param>
/// <param name="Shipped">Records that are in the cluster now and were not known to be before.</param>
/// <param name="Blobs">Blobs that were marked as not shipped.</param>
/// <param name="BlobsShipped">Of those, the ones that are in the cluster now; one whose file is not there was never answered for, or the folder is not whole.</param>
/// <param name="Trouble">Why it stopped early; null when everything is in the cluster.</param>
public sealed record SpoolShipmentReport(string Instance, long Records, long Shipped, long Blobs, long BlobsShipped, string? Trouble);

/// <summary>Ships by hand what a process that never comes back left on its disk: blobs first, then the records that name them. What landed before is found and not sent twice; it may be run again.</summary>
/// <param name="options">The ledger's; the folder is that of the lost process, or a copy of it.</param>
/// <param name="telemetry">Where it is told.</param>
/// <param name="time">The clock.</param>
public sealed class SpoolShipment(KafkaLedgerOptions options, KafkaTelemetry telemetry, TimeProvider time)
{
    // In answers that the cluster could have given.
    private const int Patience = 3;

    /// <summary>Ships until everything is acknowledged, or the cluster acknowledges nothing any more.</summary>
    /// <exception cref="IOException">The folder holds no spool, its process still runs, or the cluster does not answer.</exception>
    public async Task<SpoolShipmentReport> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Path.Combine(options.Folder, KafkaLedger.FolderName);
        var identity = LedgerIdentity.Read(options.Folder) ?? throw new IOException($"'{options.Folder}' holds no identity.json: it is no data folder of a ledger.");
        if (!Directory.Exists(folder))
        {
            throw new IOException($"'{options.Folder}' holds no folder '{KafkaLedger.FolderName}': its ledger was not one in Kafka.");
        }

        using var taken = FolderLock.TryTake(folder, out var holder) ?? throw new IOException($"the spool is locked by process {holder}, which ships it itself");
        await using var reader = new KafkaLedgerReader(options, telemetry, time);
        await using var cluster = new ClusterSide(options, reader, telemetry, time);
        if (await cluster.SeeAsync(identity, cancellationToken).ConfigureAwait(false) is { } other)
        {
            throw new IOException(other);
        }

        var positions = LedgerPositions.Read(folder, identity.Ledger);
        var log = Spool.LogOf(folder);
        log.LookAgain();
        positions = positions.Within(log.Bounds.End);
        var (records, named) = (0L, new HashSet<Contracts.Integrity.Digest>());
        foreach (var record in Spool.ReadableFrom(log, log.Bounds.First))
        {
            records++;
            named.UnionWith(record.Offset < positions.Shipped ? [] : UnshippedBlobs.NamedIn(record.Bytes));
        }

        // The folder may be all that is left of its machine: only marks go.
        var blobs = new UnshippedBlobs(options with { KeepsBlobs = true }) { Named = named };
        blobs.Find();
        blobs.Permit();
        var marked = blobs.Count;
        await using var blobShipper = new BlobShipper(options, blobs, telemetry, time);
        var (sent, isStopped) = await blobShipper.RunToEndAsync(Patience * options.AnswerTimeout, cancellationToken).ConfigureAwait(false);
        if (isStopped)
        {
            return new(identity.Instance, records, 0, marked, sent, blobs.Trouble);
        }

        using var shipper = new SpoolShipper(log, positions.Shipped, options.Spool, blobs, cluster.Producer!, cluster.Landed, time);
        var calls = reader.Partitions.Where(static p => p.Log == Contracts.Events.LedgerLog.Calls);
        if (await shipper.BeginAsync(calls, identity, isRunning: false, positions, positions, reader, cancellationToken).ConfigureAwait(false) is { } foreign)
        {
            return new(identity.Instance, records, 0, marked, sent, foreign);
        }

        await shipper.RunToEndAsync(Patience * options.AnswerTimeout, cancellationToken).ConfigureAwait(false);
        positions.With(shipper.Shipped, cluster.Producer!.Tracks).Write(folder);
        return new(identity.Instance, records, shipper.Delivered, marked, sent, log.TailDamage ?? shipper.Trouble ?? blobs.Trouble);
    }
}
