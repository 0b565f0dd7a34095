using System.Runtime.CompilerServices;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Kafka;

/// <summary>Finds in the cluster what this instance wrote: after a producer failed, and at a boot.</summary>
internal sealed class LandedRecords(KafkaLedgerReader reader, KafkaTelemetry telemetry)
{
    private const int ReadBytes = 1024 * 1024;
    private const long FirstWindow = 16 * 1024;

    /// <summary>Where a partition ends.</summary>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<long> EndAsync(LedgerPartition partition, CancellationToken cancellationToken) => (await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false)).End;

    /// <summary>Which of <paramref name="records"/> stand in the partition from <paramref name="from"/> on, and where.</summary>
    /// <exception cref="IOException">The cluster cannot be read, or one stands there with other bytes.</exception>
    public async Task<IReadOnlyDictionary<(string Chain, long Seq), long>> FindAsync(LedgerPartition partition, long from, IReadOnlyList<UnderWay> records, CancellationToken cancellationToken)
    {
        var wanted = records.ToDictionary(static r => (r.Chain, r.Seq));
        var found = new Dictionary<(string, long), long>();
        await foreach (var record in ReadToEndAsync(partition, from, cancellationToken).ConfigureAwait(false))
        {
            if (EventReader.TryReadChain(record.Bytes.Span, out var link, out _) && wanted.TryGetValue((link.Chain, link.Seq), out var sent))
            {
                found.TryAdd((link.Chain, link.Seq), record.Bytes.Span.SequenceEqual(sent.Bytes)
                    ? record.Offset
                    : throw new IOException($"{partition} offset {record.Offset} holds seq {link.Seq} of chain {link.Chain} with other bytes than were sent: another process writes as this instance."));
            }
        }

        return found;
    }

    /// <summary>
    /// The last record of <paramref name="instance"/> in the partition, looked for from a place on that it once had. The last is that of its last boot: what an
    /// earlier one left may have been shipped by hand since.
    /// </summary>
    /// <param name="partition">The partition.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="from">Where the look begins.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<LandedRecord?> LastOfAsync(LedgerPartition partition, string instance, long from, CancellationToken cancellationToken) =>
        (await LookAsync(partition, instance, from, new Dictionary<string, long>(), cancellationToken).ConfigureAwait(false)).Last;

    /// <summary>The last record of <paramref name="instance"/> in the partition, and of each of some chains the last one up to a place in it, looked for from an offset on.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="from">Where the look begins.</param>
    /// <param name="chains">Names of chains, with the last seq that matters.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<LandedLook> LookAsync(LedgerPartition partition, string instance, long from, IReadOnlyDictionary<string, long> chains, CancellationToken cancellationToken)
    {
        LandedRecord? last = null;
        var (found, beyond) = (new Dictionary<string, LandedRecord>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var next = from;
        await foreach (var record in ReadToEndAsync(partition, from, cancellationToken).ConfigureAwait(false))
        {
            next = record.Offset + 1;
            if (!EventReader.TryReadChain(record.Bytes.Span, out var link, out _))
            {
                continue;
            }

            var isLast = LedgerIdentity.IsChainOf(link.Chain, instance) && (last is null || (ChainLink.EpochOf(link.Chain), link.Seq).CompareTo((last.Epoch, last.Seq)) > 0);
            var isAsked = chains.TryGetValue(link.Chain, out var most);
            var isFound = isAsked && link.Seq <= most && (!found.TryGetValue(link.Chain, out var before) || link.Seq > before.Seq);
            if (isAsked && link.Seq > most)
            {
                beyond.Add(link.Chain);
            }

            if (isLast || isFound)
            {
                var landed = new LandedRecord(record.Offset, link.Chain, link.Seq, Digest.Of(record.Bytes.Span));
                last = isLast ? landed : last;
                if (isFound)
                {
                    found[link.Chain] = landed;
                }
            }
        }

        telemetry.LogLooked(partition, from, next, last is null ? "none" : $"seq {last.Seq} of {last.Chain} at {last.Offset}");
        beyond.ExceptWith(found.Keys);
        return new(last, found, beyond);
    }

    /// <summary>The last record of <paramref name="instance"/> in the partition, looked for from its end on backwards, in windows that grow.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="epoch">Its last boot as far as is known: where one of an earlier boot is found, the look goes on.</param>
    /// <param name="floor">Offset that nothing is looked for before; null where none is known.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<LandedRecord?> LatestOfAsync(LedgerPartition partition, string instance, long epoch, long? floor, CancellationToken cancellationToken)
    {
        var bounds = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        var first = Math.Max(bounds.First, floor ?? 0);
        for (var window = FirstWindow; ; window *= 4)
        {
            var from = Math.Max(first, bounds.End - window);
            if (await LastOfAsync(partition, instance, from, cancellationToken).ConfigureAwait(false) is var found && (found?.Epoch >= epoch || from == first))
            {
                return found;
            }
        }
    }

    /// <summary>The first record of an instance that one of its boots wrote, from a certain boot on.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="instance">Name of the instance.</param>
    /// <param name="epoch">The earliest boot that matters.</param>
    /// <param name="from">Where the look begins.</param>
    /// <param name="to">The offset that it ends before.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<LandedRecord?> FirstSinceAsync(LedgerPartition partition, string instance, long epoch, long from, long to, CancellationToken cancellationToken)
    {
        await foreach (var record in ReadToEndAsync(partition, from, cancellationToken).ConfigureAwait(false))
        {
            if (record.Offset >= to)
            {
                return null;
            }

            if (EventReader.TryReadChain(record.Bytes.Span, out var link, out _) && LedgerIdentity.IsChainOf(link.Chain, instance) && ChainLink.EpochOf(link.Chain) >= epoch)
            {
                return new(record.Offset, link.Chain, link.Seq, Digest.Of(record.Bytes.Span));
            }
        }

        return null;
    }

    private async IAsyncEnumerable<LedgerRecord> ReadToEndAsync(LedgerPartition partition, long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var bounds = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        for (var next = Math.Max(from, bounds.First); next < bounds.End;)
        {
            var batch = await reader.ReadAsync(partition, next, ReadBytes, cancellationToken).ConfigureAwait(false);
            if (batch.Damage is { } damage)
            {
                throw new IOException(damage);
            }

            foreach (var record in batch.Records)
            {
                yield return record;
            }

            if (batch.Records.Count == 0)
            {
                yield break;
            }

            next = batch.Next;
        }
    }
}

/// <summary>What a look at a partition found.</summary>
/// <param name="Last">The instance's last record; null when it has none there.</param>
/// <param name="Chains">By name of a chain that was asked for: its last record up to the place that was named.</param>
/// <param name="Beyond">Chains that were asked for and of which only later records were found.</param>
internal sealed record LandedLook(LandedRecord? Last, IReadOnlyDictionary<string, LandedRecord> Chains, IReadOnlySet<string> Beyond);

/// <summary>A record of this instance that stands in the cluster.</summary>
/// <param name="Offset">Where.</param>
/// <param name="Chain">Its chain.</param>
/// <param name="Seq">Its place there.</param>
/// <param name="Sha256">Digest of its bytes: what the next record names as its predecessor.</param>
internal sealed record LandedRecord(long Offset, string Chain, long Seq, Digest Sha256)
{
    /// <summary>The instance that wrote it.</summary>
    public string Instance => ChainLink.InstanceOf(Chain);

    /// <summary>The boot that wrote it.</summary>
    public long Epoch => ChainLink.EpochOf(Chain);
}
