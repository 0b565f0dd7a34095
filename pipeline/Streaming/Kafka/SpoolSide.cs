using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>The spool of a running process: appended to, shipped, trimmed, and watched that it does not grow past its bounds.</summary>
internal sealed class SpoolSide : IAsyncDisposable
{
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan KeepEvery = TimeSpan.FromSeconds(1);

    private readonly Spool _spool;
    private readonly KafkaLedgerOptions _options;
    private readonly UnshippedBlobs _blobs;
    private readonly KafkaTelemetry _telemetry;
    private readonly LedgerTelemetry _files;
    private readonly TimeProvider _time;
    private readonly Action _keep;
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _watch;
    private readonly ITimer _keeping;
    private readonly long _shippedBefore;
    private long _noted = -1;
    private long _waitsSince;
    private SpoolShipper? _shipper;
    private volatile RecordProducer? _producer;
    private Task _shipping = Task.CompletedTask;
    private long _kept;
    private volatile string? _past;

    /// <param name="spool">The spool.</param>
    /// <param name="options">The ledger's.</param>
    /// <param name="blobs">What waits beside it.</param>
    /// <param name="shipped">Offset before which everything is in the cluster, as it was kept.</param>
    /// <param name="keep">Keeps the positions.</param>
    /// <param name="telemetry">Where it is told.</param>
    /// <param name="files">Where it is told of segments.</param>
    /// <param name="time">The clock.</param>
    public SpoolSide(Spool spool, KafkaLedgerOptions options, UnshippedBlobs blobs, long shipped, Action keep, KafkaTelemetry telemetry, LedgerTelemetry files, TimeProvider time)
    {
        (_spool, _options, _blobs, _shippedBefore, _kept, _keep, _telemetry, _files, _time) = (spool, options, blobs, shipped, shipped, keep, telemetry, files, time);
        _watch = time.CreateTimer(static side => ((SpoolSide)side!).Watch(), this, WatchEvery, WatchEvery);
        _keeping = time.CreateTimer(static side => ((SpoolSide)side!).Keep(), this, KeepEvery, KeepEvery);
    }

    /// <summary>Why nothing is taken now; null while appends are.</summary>
    public string? Refusal => _past ?? (_spool.Health is { Status: LedgerStatus.Unavailable } health ? health.Reason : null);

    /// <summary>What an operator should look at; null when nothing.</summary>
    public string? Trouble => _shipper?.Trouble ?? _spool.Health.Reason;

    public SpoolLag Lag
    {
        get
        {
            var shipped = Shipped;
            var records = Math.Max(0, _spool.Log.Bounds.End - shipped);
            var age = records > 0 && Interlocked.Read(ref _waitsSince) is > 0 and var since ? _time.GetUtcNow() - new DateTimeOffset(since, TimeSpan.Zero) : TimeSpan.Zero;
            return new(records, records == 0 ? 0 : _spool.Log.RecordBytesFrom(shipped), age < TimeSpan.Zero ? TimeSpan.Zero : age, _blobs.Count, _blobs.Bytes);
        }
    }

    /// <summary>Offset in the spool before which everything is in the cluster.</summary>
    public long Shipped => _shipper?.Shipped ?? _shippedBefore;

    public ValueTask<Appended> AppendAsync(EventDraft draft, LedgerPartition partition, bool own, CancellationToken cancellationToken) =>
        _past is not null && !own ? new(new Appended(AppendStatus.Unavailable, partition, 0))
            : _producer is { } producer && _spool.LongestOf(draft) > producer.MaxBytes - KafkaTopics.Overhead ? new(new Appended(AppendStatus.TooLarge, partition, 0))
            : _spool.AppendAsync(draft, partition, own, cancellationToken);

    public long WrittenTo(LedgerPartition partition) => _spool.WrittenTo(partition);

    /// <summary>Begins to ship, once the cluster can be read.</summary>
    /// <returns>Why nothing of it may be shipped; null when it is.</returns>
    /// <exception cref="IOException">It cannot be.</exception>
    public async Task<string?> ShipAsync(IEnumerable<LedgerPartition> partitions, LedgerIdentity identity, LedgerPositions kept, LedgerPositions landed, ClusterSide cluster, ILedgerReader reader, CancellationToken cancellationToken)
    {
        var shipper = _shipper ?? new(_spool.Log, _shippedBefore, _options.Spool, _blobs, cluster.Producer!, cluster.Landed, _time);
        _shipper = shipper;
        _producer = cluster.Producer;
        if (await shipper.BeginAsync(partitions, identity, isRunning: true, kept, landed, reader, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        _shipping = Task.Run(() => shipper.RunAsync(toTheEnd: false, _closing.Token), CancellationToken.None);
        return null;
    }

    /// <summary>Writes what waits, gives the cluster a while to take it, and keeps how far it came. What it did not take is shipped by the next boot.</summary>
    public async Task CloseAsync(TimeSpan longest)
    {
        await _spool.DisposeAsync().ConfigureAwait(false);
        var began = _time.GetTimestamp();
        while (_shipper is { Trouble: null } && Shipped < _spool.Log.Bounds.End && _time.GetElapsedTime(began) < longest)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), _time).ConfigureAwait(false);
        }
    }

    public IReadOnlyList<DamagedStretch> FindDamage(CancellationToken cancellationToken) => _spool.Log.FindDamage(cancellationToken);

    public void AcceptDamage(DamagedStretch stretch) => _spool.Log.Accepted.Accept(stretch);

    /// <summary>Sends nothing more; what is under way may still land.</summary>
    public async Task StopShippingAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _shipping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public async ValueTask DisposeAsync()
    {
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _keeping.DisposeAsync().ConfigureAwait(false);
        await StopShippingAsync().ConfigureAwait(false);
        _shipper?.Dispose();
        _closing.Dispose();
    }

    /// <summary>
    /// Notes since when the oldest record waits: by the files and not by what is under way, for where the cluster is away since the start nothing is.
    /// One that cannot be read waits since it was met.
    /// </summary>
    private void Note(long shipped)
    {
        if (shipped != _noted)
        {
            var waits = _spool.Log.Read(shipped, maxBytes: 1).Records is [var first, ..] && EventReader.TryRead(first.Bytes.Span, out var read, out _) ? read!.Header.Time : _time.GetUtcNow();
            _noted = shipped;
            Interlocked.Exchange(ref _waitsSince, waits.UtcTicks);
        }
    }

    private void Watch()
    {
        if (Shipped is var shipped && shipped < _spool.Log.Bounds.End)
        {
            Note(shipped);
        }

        var lag = Lag;
        var bounds = _options.Spool;
        var past = lag.Bytes + lag.BlobBytes > bounds.MaxBytes ? string.Create(CultureInfo.InvariantCulture, $"{lag.Bytes} bytes of records and {lag.BlobBytes} of blobs wait for the cluster; {bounds.MaxBytes} may")
            : lag.Records > bounds.MaxRecords ? string.Create(CultureInfo.InvariantCulture, $"{lag.Records} records wait for the cluster; {bounds.MaxRecords} may")
            : bounds.MaxAge is { } longest && lag.Age > longest ? string.Create(CultureInfo.InvariantCulture, $"the oldest record has waited for the cluster for {lag.Age.TotalSeconds:F0} s; {longest.TotalSeconds:F0} s are allowed")
            : null;
        if (past is not null && _past is null)
        {
            _telemetry.LogRefuses(past);
        }
        else if (past is null && _past is not null)
        {
            _telemetry.LogTakes();
        }

        _past = _blobs.Past = past;
    }

    /// <summary>What is acknowledged leaves the disk, after the word that it is was kept.</summary>
    private void Keep()
    {
        var shipped = Shipped;
        if (shipped == _kept)
        {
            return;
        }

        try
        {
            _keep();
            _kept = shipped;
            SegmentListing.DropThrough(_spool.Log, shipped - 1, _files);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _telemetry.LogNotTrimmed(e.Message);
        }
    }
}
