using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Ships a spool: every record in its order, the bytes as they lie there, as many under way as its bound allows. What landed before a crash is found in the
/// cluster and not sent again; what is acknowledged leaves the disk, a segment at a time.
/// </summary>
internal sealed class SpoolShipper : IDisposable
{
    private const int ReadBytes = 1024 * 1024;

    // While less than this is there it may gather: a read and a request for each group that was synced cost more than the records in it.
    private const int WorthReading = 256 * 1024;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly PartitionLog _log;
    private readonly UnshippedBlobs _blobs;
    private readonly RecordProducer _producer;
    private readonly LandedRecords _landed;
    private readonly TimeProvider _time;
    private readonly TimeSpan _gathering;
    private readonly SemaphoreSlim _slots;
    private readonly SemaphoreSlim _room = new(0);
    private readonly int _mostUnderWay;
    private readonly long _mostBytes;
    private readonly Lock _gate = new();
    private readonly OffsetWatermark _watermark = new();
    private readonly Dictionary<LedgerPartition, Place> _places = [];
    private long _shipped;
    private long _delivered;
    private long _next;
    private long _bytes;

    /// <param name="log">The spool's segments.</param>
    /// <param name="shipped">Offset before which everything is in the cluster.</param>
    /// <param name="options">How much may be under way at a time, and how long it gathers.</param>
    /// <param name="blobs">What is sent before the records that name it.</param>
    /// <param name="producer">Sends them.</param>
    /// <param name="landed">Looks for those that landed.</param>
    /// <param name="time">The clock.</param>
    public SpoolShipper(PartitionLog log, long shipped, SpoolOptions options, UnshippedBlobs blobs, RecordProducer producer, LandedRecords landed, TimeProvider time)
    {
        (_log, _shipped, _blobs, _producer, _landed, _time, _gathering) = (log, Math.Max(shipped, log.Bounds.First), blobs, producer, landed, time, options.Gathering);
        _slots = new(_mostUnderWay = options.MaxUnderWay);
        _mostBytes = options.MaxUnderWayBytes;
    }

    /// <summary>What keeps it from going on; null when nothing does.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Offset in the spool before which everything is in the cluster.</summary>
    public long Shipped => Interlocked.Read(ref _shipped);

    /// <summary>Records that were shipped, or found in the cluster: offsets may be left out.</summary>
    public long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>Records that lie here and are not in the cluster as far as is known.</summary>
    public long Left => Math.Max(0, _log.Bounds.End - Shipped);

    /// <summary>Finds how far each partition of the cluster has what lies here. Before <see cref="RunAsync"/>.</summary>
    /// <param name="partitions">Where records of the spool go.</param>
    /// <param name="identity">The boot that writes to the spool, or wrote last.</param>
    /// <param name="isRunning">Whether that boot runs: then nobody may have written as it or after it. What others wrote after a boot that ended says nothing about its spool.</param>
    /// <param name="kept">What the folder kept: everything from <see cref="Shipped"/> on that landed did so at these offsets or behind them.</param>
    /// <param name="landed">Where the last records of this instance were seen.</param>
    /// <param name="reader">Reads the cluster.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Why nothing of it may be shipped; null when it may.</returns>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<string?> BeginAsync(IEnumerable<LedgerPartition> partitions, LedgerIdentity identity, bool isRunning, LedgerPositions kept, LedgerPositions landed, ILedgerReader reader, CancellationToken cancellationToken)
    {
        var waiting = Waiting();
        foreach (var partition in partitions.Where(p => !_places.ContainsKey(p)))
        {
            var bounds = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
            var chains = waiting.GetValueOrDefault(partition, []);
            var isLeft = chains.Keys.Any(c => !isRunning || c != identity.ChainOf(partition));
            if (isLeft)
            {
                await _producer.SeeAllAsync(partition, cancellationToken).ConfigureAwait(false);
            }

            var from = isLeft ? kept.Of(partition)?.Offset ?? bounds.First : landed.OffsetOf(partition, identity.Instance);
            var look = from is { } first ? await _landed.LookAsync(partition, identity.Instance, first, chains, cancellationToken).ConfigureAwait(false) : null;
            if (isRunning && look?.Last?.Epoch >= identity.Epoch)
            {
                return Trouble = ClusterSide.BehindOf(partition, look.Last, identity);
            }

            if (look?.Beyond.Count > 0)
            {
                // The kept place is newer than the spool beside it: a folder that was copied while it was written to.
                look = await _landed.LookAsync(partition, identity.Instance, bounds.First, chains, cancellationToken).ConfigureAwait(false);
            }

            _places[partition] = new(_producer.Begin(partition, bounds.End), look);
        }

        return Trouble = Prove();
    }

    /// <summary>Ships until cancelled, or, when told to stop at the end, until everything that lies there is under way.</summary>
    public async Task RunAsync(bool toTheEnd, CancellationToken cancellationToken)
    {
        for (_next = Math.Max(_next, Shipped); ;)
        {
            var batch = _log.Read(_next, ReadBytes);
            Trouble = batch.Damage is null ? null : Trouble;
            foreach (var record in batch.Records)
            {
                await ShipAsync(record, cancellationToken).ConfigureAwait(false);
                _next = record.Offset + 1;
            }

            _next = batch.Next;
            if (batch.Damage is { } damage)
            {
                Trouble = $"the spool is damaged: {damage}";
                await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
            }
            else if (!toTheEnd && batch.Bytes < WorthReading)
            {
                if (batch.Records.Count == 0)
                {
                    await _log.WaitAsync(_next, cancellationToken).ConfigureAwait(false);
                }

                await Task.Delay(_gathering, _time, cancellationToken).ConfigureAwait(false);
            }
            else if (batch.Records.Count == 0)
            {
                return;
            }
        }
    }

    /// <summary>
    /// Ships until everything that lies here now is acknowledged, or it cannot go on (<see cref="Trouble"/>) and nothing is under way any more. It may be run again and goes on where it stands.
    /// </summary>
    /// <param name="patience">Longest time without an acknowledgement; null waits for the cluster as long as it takes.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="IOException">The spool cannot be read.</exception>
    public async Task RunToEndAsync(TimeSpan? patience, CancellationToken cancellationToken)
    {
        var end = _log.Bounds.End;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var shipping = RunAsync(toTheEnd: true, ending.Token);
        var (before, since, gaveUp) = (Shipped, _time.GetTimestamp(), (string?)null);

        while (Shipped < end && !(shipping.IsCompleted && !IsUnderWay) && !shipping.IsFaulted && (Trouble is null || IsUnderWay) && gaveUp is null && !cancellationToken.IsCancellationRequested)
        {
            (before, since) = Shipped == before ? (before, since) : (Shipped, _time.GetTimestamp());
            gaveUp = _time.GetElapsedTime(since) is var waited && waited > patience
                ? string.Create(CultureInfo.InvariantCulture, $"the cluster acknowledged nothing for {waited.TotalSeconds:F0} s: {_producer.Failure ?? "it gave no reason"}")
                : null;
            await Task.Delay(Look, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await ending.CancelAsync().ConfigureAwait(false);
        try
        {
            await shipping.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Told to, here.
        }

        if (shipping.IsCompletedSuccessfully && !IsUnderWay)
        {
            // What was accepted as lost at the very end is done with, though nothing stands behind it that would be acknowledged.
            Interlocked.Exchange(ref _shipped, Math.Max(Shipped, _next));
        }

        Trouble ??= gaveUp;
    }

    public void Dispose()
    {
        _slots.Dispose();
        _room.Dispose();
    }

    private bool IsUnderWay => _slots.CurrentCount < _mostUnderWay;

    /// <summary>By partition, the chains of the records that wait and the last place of each.</summary>
    private Dictionary<LedgerPartition, Dictionary<string, long>> Waiting()
    {
        var waiting = new Dictionary<LedgerPartition, Dictionary<string, long>>();
        foreach (var record in Unshipped())
        {
            if (Spool.TryPlace(record.Bytes.Span, out var partition, out var link))
            {
                if (!waiting.TryGetValue(partition, out var chains))
                {
                    waiting[partition] = chains = new(StringComparer.Ordinal);
                }

                chains[link.Chain] = link.Seq;
            }
        }

        return waiting;
    }

    /// <summary>
    /// Takes records as landed up to the one that stands in the cluster in the same bytes: the chain that ends in it tells of all before it. Stand there other bytes in its
    /// place, another folder wrote them under this name.
    /// </summary>
    private string? Prove()
    {
        foreach (var (partition, place) in _places)
        {
            if (place.Look?.Beyond is { Count: > 0 } beyond)
            {
                return Foreign(partition, $"chain {beyond.First()}");
            }
        }

        foreach (var record in Unshipped())
        {
            if (Spool.TryPlace(record.Bytes.Span, out var partition, out var link) && _places.TryGetValue(partition, out var place)
                && place.Look is { } look && look.Chains.TryGetValue(link.Chain, out var there) && there.Seq == link.Seq)
            {
                if (Digest.Of(record.Bytes.Span) != there.Sha256)
                {
                    return Foreign(partition, string.Create(CultureInfo.InvariantCulture, $"seq {link.Seq} of chain {link.Chain} at offset {there.Offset}"));
                }

                place.LandedThrough = record.Offset;
            }
        }

        return null;
    }

    private string Foreign(LedgerPartition partition, string where) =>
        $"records of {partition} wait whose places in their chain were taken in the cluster by another folder of this instance: {where} is not what this spool holds. Nothing is sent. Fix: keep the folder '{_log.Folder}' as it is, for what it holds is in no other place, and start with an empty data folder";

    // Damage is named when it is shipped, and what lies before and behind it still has to be proven.
    private IEnumerable<LedgerRecord> Unshipped() => Spool.ReadableFrom(_log, Shipped);

    private async Task ShipAsync(LedgerRecord record, CancellationToken cancellationToken)
    {
        if (!Spool.TryPlace(record.Bytes.Span, out var partition, out var link) || !_places.TryGetValue(partition, out var place))
        {
            // It was written by this program, so this is damage that its checksum did not see. It stays, and what follows waits.
            Trouble = string.Create(CultureInfo.InvariantCulture, $"record {record.Offset} of the spool names no partition of this ledger");
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
            return;
        }

        await _blobs.WaitForAsync(record.Bytes, cancellationToken).ConfigureAwait(false);
        while (Interlocked.Read(ref _bytes) >= _mostBytes)
        {
            await _room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        Interlocked.Add(ref _bytes, record.Bytes.Length);
        var bytes = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(record.Bytes, out var array) && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : record.Bytes.ToArray();
        var shipped = new Spooled(this, partition, bytes, link.Chain, link.Seq, record.Offset);
        lock (_gate)
        {
            _watermark.Track(record.Offset);
        }

        if (record.Offset <= place.LandedThrough)
        {
            shipped.Acknowledged(-1);
            return;
        }

        lock (place.Track.Gate)
        {
            _producer.Send(place.Track, shipped);
        }
    }

    private void Done(long offset, int bytes)
    {
        if (Interlocked.Add(ref _bytes, -bytes) < _mostBytes && _room.CurrentCount == 0)
        {
            _room.Release();
        }

        Interlocked.Increment(ref _delivered);
        lock (_gate)
        {
            _watermark.Complete(offset);
            if (_watermark.TryTakeCommittable(out var next))
            {
                Interlocked.Exchange(ref _shipped, next);
            }
        }

        _slots.Release();
    }

    /// <summary>A partition that is shipped to.</summary>
    private sealed class Place(PartitionTrack track, LandedLook? look)
    {
        public PartitionTrack Track => track;

        /// <summary>What was found of it in the cluster; null where nothing could be there.</summary>
        public LandedLook? Look => look;

        /// <summary>Offset in the spool up to which its records are in the cluster.</summary>
        public long LandedThrough { get; set; } = -1;
    }

    private sealed class Spooled(SpoolShipper owner, LedgerPartition partition, byte[] bytes, string chain, long seq, long offset) : UnderWay(partition, bytes, chain, seq)
    {
        public override void Acknowledged(long landed) => owner.Done(offset, Bytes.Length);
    }
}
