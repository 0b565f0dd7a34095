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

    private readonly PartitionLog _log;
    private readonly RecordProducer _producer;
    private readonly LandedRecords _landed;
    private readonly TimeProvider _time;
    private readonly TimeSpan _gathering;
    private readonly SemaphoreSlim _slots;
    private readonly Lock _gate = new();
    private readonly OffsetWatermark _watermark = new();
    private readonly Dictionary<LedgerPartition, Place> _places = [];
    private readonly Queue<Spooled> _underWay = new();
    private long _shipped;

    /// <param name="log">The spool's segments.</param>
    /// <param name="shipped">Offset before which everything is in the cluster.</param>
    /// <param name="options">How much may be under way at a time, and how long it gathers.</param>
    /// <param name="producer">Sends them.</param>
    /// <param name="landed">Looks for those that landed.</param>
    /// <param name="time">The clock.</param>
    public SpoolShipper(PartitionLog log, long shipped, SpoolOptions options, RecordProducer producer, LandedRecords landed, TimeProvider time)
    {
        (_log, _shipped, _producer, _landed, _time, _gathering) = (log, Math.Max(shipped, log.Bounds.First), producer, landed, time, options.Gathering);
        _slots = new(options.MaxUnderWay);
    }

    /// <summary>What keeps it from going on; null when nothing does.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Offset in the spool before which everything is in the cluster.</summary>
    public long Shipped => Interlocked.Read(ref _shipped);

    /// <summary>Event time of the oldest record that is not in the cluster; null when none is under way.</summary>
    public DateTimeOffset? Oldest
    {
        get
        {
            ReadOnlyMemory<byte> bytes;
            lock (_gate)
            {
                while (_underWay.TryPeek(out var done) && done.IsAcknowledged)
                {
                    _underWay.Dequeue();
                }

                bytes = _underWay.TryPeek(out var oldest) ? oldest.Bytes : default;
            }

            return !bytes.IsEmpty && EventReader.TryRead(bytes.Span, out var read, out _) ? read!.Header.Time : null;
        }
    }

    /// <summary>Finds how far each partition of the cluster has this instance's records. Before <see cref="RunAsync"/>.</summary>
    /// <param name="partitions">Where records of the spool go.</param>
    /// <param name="identity">The boot that writes to the spool, or wrote last.</param>
    /// <param name="isRunning">Whether that boot runs: then nobody may have written after it. What others wrote after a boot that ended says nothing about its spool.</param>
    /// <param name="positions">Where to look.</param>
    /// <param name="reader">Reads the cluster.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Why nothing of it may be shipped; null when it may.</returns>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<string?> BeginAsync(IEnumerable<LedgerPartition> partitions, LedgerIdentity identity, bool isRunning, LedgerPositions positions, ILedgerReader reader, CancellationToken cancellationToken)
    {
        var fresh = _shipped >= _log.Bounds.End;
        foreach (var partition in partitions.Where(p => !_places.ContainsKey(p)))
        {
            var bounds = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
            var from = positions.OffsetOf(partition, identity.Instance) ?? bounds.First;
            var last = fresh ? null : await _landed.LastOfAsync(partition, identity.Instance, from, isRunning ? long.MaxValue : identity.Epoch, cancellationToken).ConfigureAwait(false);
            if (isRunning && last?.Epoch >= identity.Epoch)
            {
                return Trouble = ClusterSide.BehindOf(partition, last, identity);
            }

            _places[partition] = new(_producer.Begin(partition, bounds.End), last);
        }

        return Trouble = fresh ? null : Foreign();
    }

    /// <summary>Ships until cancelled, or, when told to stop at the end, until everything that lies there is under way.</summary>
    public async Task RunAsync(bool toTheEnd, CancellationToken cancellationToken)
    {
        for (var next = Shipped; ;)
        {
            var batch = _log.Read(next, ReadBytes);
            foreach (var record in batch.Records)
            {
                await ShipAsync(record, cancellationToken).ConfigureAwait(false);
            }

            next = batch.Next;
            if (batch.Damage is { } damage)
            {
                Trouble = $"the spool is damaged: {damage}";
                await Task.Delay(Pause, _time, cancellationToken).ConfigureAwait(false);
            }
            else if (!toTheEnd && batch.Bytes < WorthReading)
            {
                if (batch.Records.Count == 0)
                {
                    Trouble = null;
                    await _log.WaitAsync(next, cancellationToken).ConfigureAwait(false);
                }

                await Task.Delay(_gathering, _time, cancellationToken).ConfigureAwait(false);
            }
            else if (batch.Records.Count == 0)
            {
                Trouble = null;
                return;
            }
        }
    }

    public void Dispose() => _slots.Dispose();

    /// <summary>
    /// Looks whether the records that would be taken as landed did land: the one in the cluster then stands in the spool, behind them or as the last of them, and the
    /// chain that ends in its bytes tells of all before it. Does it not, another folder wrote it under this name.
    /// </summary>
    private string? Foreign()
    {
        var unproven = new HashSet<LedgerPartition>();
        for (var (next, end) = (Shipped, _log.Bounds.End); next < end;)
        {
            var batch = _log.Read(next, ReadBytes);
            foreach (var record in batch.Records)
            {
                if (!Spool.TryPlace(record.Bytes.Span, out var partition, out var link) || !_places.TryGetValue(partition, out var place) || !place.Has(link))
                {
                    continue;
                }

                _ = place.IsLast(link) && Digest.Of(record.Bytes.Span) == place.Last!.Sha256 ? unproven.Remove(partition) : unproven.Add(partition);
            }

            // Damage is named when it is shipped, and what lies before it still has to be proven.
            next = batch.Records.Count > 0 ? batch.Next : _log.Segments.Select(static s => s.BaseOffset).FirstOrDefault(b => b > next, end);
        }

        return unproven.Count == 0 ? null : string.Create(
            CultureInfo.InvariantCulture,
            $"records of {unproven.First()} wait whose places in their chain were taken in the cluster by another folder of this instance: seq {_places[unproven.First()].Last!.Seq} of chain {_places[unproven.First()].Last!.Chain} is not in this spool. Nothing is sent. Fix: keep the folder '{_log.Folder}' as it is, for what it holds is in no other place, and start with an empty data folder or another instance name");
    }

    private async Task ShipAsync(LedgerRecord record, CancellationToken cancellationToken)
    {
        if (!Spool.TryPlace(record.Bytes.Span, out var partition, out var link) || !_places.TryGetValue(partition, out var place))
        {
            // It was written by this program, so this is damage that its checksum did not see. It stays, and what follows waits.
            Trouble = string.Create(CultureInfo.InvariantCulture, $"record {record.Offset} of the spool names no partition of this ledger");
            await Task.Delay(Timeout.InfiniteTimeSpan, _time, cancellationToken).ConfigureAwait(false);
            return;
        }

        await _slots.WaitAsync(cancellationToken).ConfigureAwait(false);
        var bytes = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(record.Bytes, out var array) && array.Offset == 0 && array.Count == array.Array!.Length ? array.Array : record.Bytes.ToArray();
        var shipped = new Spooled(this, partition, bytes, link.Chain, link.Seq, record.Offset);
        lock (_gate)
        {
            _watermark.Track(record.Offset);
            _underWay.Enqueue(shipped);
        }

        if (place.Has(link))
        {
            shipped.Acknowledged(-1);
            return;
        }

        lock (place.Track.Gate)
        {
            _producer.Send(place.Track, shipped);
        }
    }

    private void Done(long offset)
    {
        lock (_gate)
        {
            _watermark.Complete(offset);
            if (_watermark.TryTakeCommittable(out var next))
            {
                Interlocked.Exchange(ref _shipped, next);
            }

            while (_underWay.TryPeek(out var oldest) && oldest.IsAcknowledged)
            {
                _underWay.Dequeue();
            }
        }

        _slots.Release();
    }

    /// <summary>A partition that is shipped to, and the last record there that this instance's boots had sent before.</summary>
    private readonly record struct Place(PartitionTrack Track, LandedRecord? Last)
    {
        private readonly long _epoch = Last?.Epoch ?? -1;
        private readonly long _seq = Last?.Seq ?? -1;

        public bool Has(ChainLink link) => OrderOf(link) <= 0;

        public bool IsLast(ChainLink link) => OrderOf(link) == 0;

        private int OrderOf(ChainLink link) => (LandedRecord.EpochOf(link.Chain), link.Seq).CompareTo((_epoch, _seq));
    }

    private sealed class Spooled(SpoolShipper owner, LedgerPartition partition, byte[] bytes, string chain, long seq, long offset) : UnderWay(partition, bytes, chain, seq)
    {
        public bool IsAcknowledged { get; private set; }

        public override void Acknowledged(long landed)
        {
            IsAcknowledged = true;
            owner.Done(offset);
        }
    }
}
