using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// The ledger in Kafka, as one process writes to it: its own chains and numbering on an idempotent producer, calls by way of this machine's disk or not.
/// It never throws for what a cluster or a disk does: what cannot be recorded now is <see cref="AppendStatus.Unavailable"/>, and it goes on by itself.
/// </summary>
[SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "The semaphore and the source have no handles and outlive a second dispose.")]
public sealed class KafkaLedger : ILedger
{
    /// <summary>Folder in the data folder for what waits on this disk, and for the lock of the process that it belongs to.</summary>
    public const string FolderName = "kafka";

    /// <summary>How long the cluster has, at the end, to take what waits: the spool's records, then what is under way, then blobs, each.</summary>
    public static readonly TimeSpan StopBudget = TimeSpan.FromSeconds(10);

    private readonly KafkaLedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly KafkaTelemetry _telemetry;
    private readonly LedgerTelemetry _files;
    private readonly KafkaLedgerReader _reader;
    private readonly ClusterSide _cluster;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly Lock _keeping = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _retry;
    private readonly ITimer _heartbeat;
    private readonly TopicWatch _topics;
    private readonly SpoolFiles _leftFiles;
    private readonly string _folder;

    private FolderLock? _lock;
    private KafkaBoot? _boot;
    private volatile SpoolSide? _spool;
    private volatile LedgerIdentity _identity;
    private volatile string? _notOpen = "the ledger is not open yet";
    private volatile string? _notConnected = "the cluster was not reached yet";
    private volatile string? _behind;
    private LedgerPositions? _positions;
    private LeftSpool? _left;
    private int _failures;
    private bool _disposed;

    private KafkaLedger(KafkaLedgerOptions options, LedgerCounters counters, KafkaLedgerReader reader, KafkaTelemetry telemetry, LedgerTelemetry files, TimeProvider time)
    {
        (_options, Counters, _reader, _telemetry, _files, _time) = (options, counters, reader, telemetry, files, time);
        _cluster = new(options, reader, telemetry, time);
        _folder = Path.Combine(options.Folder, FolderName);
        _leftFiles = new(options, files, time, taken: null);
        Unshipped = new(options);
        _identity = new(default, options.Instance ?? "unknown", 0, $"{options.OriginHost}/mcpledger/00000000");
        _retry = Timer(static ledger => _ = ledger.TryOpenAsync());
        _heartbeat = Timer(static ledger => ledger.Beat());
        _topics = new(options, _cluster, telemetry, time, RefuseAsync, SayAsync);
        reader.Doubted = _topics.Doubt;
        telemetry.Observe(() => Health, () => Lag);
    }

    /// <inheritdoc/>
    public LedgerCounters Counters { get; }

    /// <inheritdoc/>
    public LedgerIdentity Identity => _identity;

    /// <inheritdoc/>
    public LedgerHealth Health
    {
        get
        {
            var queued = (_cluster.Producer?.Count ?? 0) + (int)Math.Min(_spool?.Lag.Records ?? 0, int.MaxValue);
            var lost = _notConnected ?? _cluster.Producer?.Failure;
            var closed = _behind ?? _notOpen ?? (SpoolsCalls ? _spool?.Refusal : lost);
            return closed is not null ? new(LedgerStatus.Unavailable, closed, queued, 0, 0)
                : lost is not null ? new(LedgerStatus.Degraded, string.Create(CultureInfo.InvariantCulture, $"{lost}; calls are recorded on this disk, {Lag.Records} and {Lag.Blobs} blobs wait; control events are refused"), queued, 0, 0)
                : (_spool?.Trouble ?? Unshipped.Trouble) is { } trouble ? new(LedgerStatus.Degraded, trouble, queued, 0, 0)
                : _cluster.Drifts is [var drift, ..] ? new(LedgerStatus.Degraded, $"topic {drift.Topic}: {drift.Setting} is {drift.Found}, not {drift.Expected}", queued, 0, 0)
                : new(LedgerStatus.Ready, null, queued, 0, 0);
        }
    }

    /// <summary>What lies on this machine's disk and is not in the cluster yet.</summary>
    public SpoolLag Lag => _spool?.Lag ?? new(0, 0, default, Unshipped.Count, Unshipped.Bytes);

    /// <summary>The blobs that wait beside it.</summary>
    internal UnshippedBlobs Unshipped { get; }

    /// <inheritdoc/>
    public IReadOnlyList<LedgerPartition> Partitions => _reader.Partitions;

    private bool SpoolsCalls => _options is { WritesCalls: true, Durable: KafkaDurability.Disk };

    private IEnumerable<LedgerPartition> CallsPartitions => _options.WritesCalls ? Partitions.Where(static p => p.Log == LedgerLog.Calls) : [];

    /// <summary>Opens a ledger, or begins to try: a cluster that cannot be reached, or a folder that cannot be written to, is a ledger that is not available yet.</summary>
    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    public static async Task<KafkaLedger> OpenAsync(KafkaLedgerOptions options, LedgerCounters counters, KafkaLedgerReader reader, KafkaTelemetry telemetry, LedgerTelemetry files, TimeProvider time)
    {
        if (options.Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(options));
        }

        var ledger = new KafkaLedger(options, counters, reader, telemetry, files, time);
        await ledger.TryOpenAsync().ConfigureAwait(false);
        return ledger;
    }

    /// <inheritdoc/>
    /// <remarks>What is durable on this machine's disk only has no offset yet: it is answered with -1.</remarks>
    public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken)
    {
        var place = PartitionChoice.Of(draft.Log, draft.Key, _options.Partitions);
        return _behind is not null ? new(new Appended(AppendStatus.Unavailable, place, 0))
            : draft.Log == LedgerLog.Calls && _spool is { } spool ? spool.AppendAsync(draft, place, own: false, cancellationToken)
            : _cluster.Find(place) is { } partition ? partition.AppendAsync(draft, own: false, cancellationToken)
            : new(new Appended(AppendStatus.Unavailable, place, 0));
    }

    /// <inheritdoc/>
    public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => _reader.BoundsAsync(partition, cancellationToken);

    /// <inheritdoc/>
    public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken) => _reader.ReadAsync(partition, from, maxBytes, cancellationToken);

    /// <inheritdoc/>
    public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => _reader.WaitAsync(partition, from, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>Kafka tells no sizes: parts are cut by offsets, and bytes are 0.</remarks>
    public ValueTask<IReadOnlyList<LedgerSegment>> ListSegmentsAsync(LedgerPartition partition, CancellationToken cancellationToken) => OffsetParts.ListAsync(_reader, partition, cancellationToken);

    /// <inheritdoc/>
    /// <remarks>It is cut right behind the offset, wherever parts end by now; the last record stays.</remarks>
    public async ValueTask<IReadOnlyList<LedgerSegment>> DropThroughAsync(LedgerPartition partition, long offset, CancellationToken cancellationToken)
    {
        var bounds = await BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        if (OffsetParts.Cut(bounds, offset) is not { } cut)
        {
            return [];
        }

        await _cluster.DropBeforeAsync(partition, cut).ConfigureAwait(false);
        return [new(partition, bounds.First, cut - 1, Bytes: 0, FirstTime: null, LastTime: null, Open: false)];
    }

    /// <inheritdoc/>
    public async ValueTask DropBlobsBeforeAsync(DateTimeOffset moment, CancellationToken cancellationToken) =>
        await _cluster.DropBlobsBeforeAsync(moment).WaitAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>
    /// Finds what cannot be read of the spool, also one that an earlier boot left here, and was not accepted: shipping stands in front of it. Its offsets are the spool's own, and its partition's name says nothing.
    /// </summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IReadOnlyList<DamagedStretch> FindDamage(CancellationToken cancellationToken) => _spool?.FindDamage(cancellationToken) ?? _leftFiles.FindDamage(cancellationToken);

    /// <summary>Lets shipping step over a stretch of the spool from now on. What stood there is lost: the sealer names the gap that it leaves.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void AcceptDamage(DamagedStretch stretch) => (_spool is { } spool ? (Action<DamagedStretch>)spool.AcceptDamage : _leftFiles.AcceptDamage)(stretch);

    /// <summary>Takes no more appends, closes the chains with <c>writer.stopped.v1</c>, gives the cluster a while to take what is under way, and keeps where the chains end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            await _retry.DisposeAsync().ConfigureAwait(false);
            await _heartbeat.DisposeAsync().ConfigureAwait(false);
            _reader.Doubted = null;
            await _topics.DisposeAsync().ConfigureAwait(false);
            _notOpen = "the ledger is closed";
            await CloseAsync().ConfigureAwait(false);
            _lock?.Dispose();
        }
        finally
        {
            _opening.Release();
        }
    }

    private ITimer Timer(Action<KafkaLedger> due) => _time.CreateTimer(ledger => due((KafkaLedger)ledger!), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

    private async Task TryOpenAsync()
    {
        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_disposed && _notConnected is not null && await OpenAsync(_closing.Token).ConfigureAwait(false) is { } behind)
            {
                // Trying again would find the same: another boot has to count on from there.
                _notConnected = behind;
                await RefuseAsync(behind).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Confluent.Kafka.KafkaException)
        {
            if (_notConnected != e.Message)
            {
                _telemetry.LogNotOpened(e.Message);
            }

            _notConnected = e.Message;
            _notOpen = _notOpen is null ? null : e.Message;
            _retry.Change(_options.RetryDelay(_failures++), Timeout.InfiniteTimeSpan);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // It is closed before it was open.
        }
        finally
        {
            _opening.Release();
        }
    }

    // Each step that succeeded stays, so that a boot that is tried again is still one boot with one chain a partition.
    private async Task<string?> OpenAsync(CancellationToken cancellationToken)
    {
        DurableFile.CreateFolder(_folder);
        string? holder = null;
        _lock ??= FolderLock.TryTake(_folder, out holder) ?? throw new IOException($"the ledger is locked by process {holder}");
        Unshipped.Find();
        var embedded = Path.Combine(_options.Folder, EmbeddedLedger.FolderName);
        if (Directory.Exists(embedded))
        {
            return $"'{embedded}' is a ledger that was kept without Kafka, and what it holds is in no cluster. Nothing is sent. Fix: leave that folder as it is (`verify`, `search` and `export` read it), and give this process an empty data folder";
        }

        var known = LedgerIdentity.Read(_options.Folder);
        var ledger = _options.Ledger ?? known?.Ledger ?? (await _cluster.SeeAsync(cancellationToken).ConfigureAwait(false)).Ledger;
        _positions ??= LedgerPositions.Read(_folder, ledger);
        _boot ??= await KafkaBoot.CountAsync(_options, known, ledger, _positions, CallsPartitions, _cluster.Landed, cancellationToken).ConfigureAwait(false);
        if (SpoolsCalls)
        {
            _spool ??= OpenSpool(_boot, _positions);
            Opened(_boot.Identity);
        }

        if (await _cluster.SeeAsync(_boot.Identity, cancellationToken).ConfigureAwait(false) is { } other)
        {
            return other;
        }

        if (_boot.Identity.Calls is null && _cluster.Calls is { } calls)
        {
            _boot = _boot with { Identity = LedgerIdentity.Keep(_options.Folder, _boot.Identity, calls) };
            _identity = _notOpen is null ? _boot.Identity : _identity;
        }

        // Nothing of this boot's calls is sent before it is known to be the only one of its name.
        if ((await BeginAsync(LedgerPartition.Control, _boot, cancellationToken).ConfigureAwait(false) ?? await _cluster.ConfirmAsync(_boot.Identity, cancellationToken).ConfigureAwait(false)) is { } taken)
        {
            return taken;
        }

        Unshipped.Permit();
        if (!SpoolsCalls && _options.WritesCalls)
        {
            _left ??= new(_folder, _options, Unshipped, _cluster, _reader, _files, _time);
            if (await _left.ShipAsync(CallsPartitions, _boot.Identity, _positions, Keep, cancellationToken).ConfigureAwait(false) is { } foreign)
            {
                return foreign;
            }
        }

        foreach (var place in SpoolsCalls ? [] : CallsPartitions)
        {
            if (await BeginAsync(place, _boot, cancellationToken).ConfigureAwait(false) is { } behind)
            {
                return behind;
            }
        }

        if (_spool is not null && await _spool.ShipAsync(CallsPartitions, _boot.Identity, _positions, _boot.Landed, _cluster, _reader, cancellationToken).ConfigureAwait(false) is { } refusal)
        {
            return refusal;
        }

        _notConnected = null;
        Opened(_boot.Identity);
        _topics.Begin(_boot.Identity, _cluster.ControlBegan);
        return null;
    }

    private async Task<string?> BeginAsync(LedgerPartition place, KafkaBoot boot, CancellationToken cancellationToken)
    {
        using var started = Started(place, boot.Identity);
        return await _cluster.BeginAsync(place, boot, started, cancellationToken).ConfigureAwait(false);
    }

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The spool belongs to its side.")]
    private SpoolSide OpenSpool(KafkaBoot boot, LedgerPositions positions)
    {
        var chains = CallsPartitions.Select(p => (p, boot.Identity.ChainOf(p), Started(p, boot.Identity))).ToList();
        try
        {
            var spool = Spool.Open(_folder, _options, boot.Identity.Instance, boot.Landed, chains, _files, _time);
            _positions = positions.Within(spool.Found);
            return new(spool, _options, Unshipped, _positions.Shipped, KeepPositions, _telemetry, _files, _time);
        }
        finally
        {
            chains.ForEach(static c => c.Item3.Dispose());
        }
    }

    private void Opened(LedgerIdentity boot)
    {
        if (_notOpen is null)
        {
            return;
        }

        (_identity, _notOpen) = (boot, null);
        _telemetry.LogOpened(boot.Ledger, boot.Instance, boot.Epoch, _options.Durable);
        if (_options.HeartbeatInterval > TimeSpan.Zero)
        {
            _heartbeat.Change(_options.HeartbeatInterval, _options.HeartbeatInterval);
        }
    }

    private async Task CloseAsync()
    {
        foreach (var place in _spool is null || _behind is not null ? [] : CallsPartitions)
        {
            using var stopped = Draft(place, _boot!.Identity, new WriterStopped(_spool!.WrittenTo(place)));
            _ = _spool.AppendAsync(stopped, place, own: true, CancellationToken.None).AsTask();
        }

        foreach (var partition in _behind is not null ? [] : _cluster.Partitions)
        {
            using var stopped = Draft(partition.Partition, _boot!.Identity, new WriterStopped(partition.Written));
            _ = partition.CloseAsync(stopped).AsTask();
        }

        await (_spool?.CloseAsync(StopBudget) ?? Task.CompletedTask).ConfigureAwait(false);
        await (_cluster.Producer?.DrainAsync(StopBudget) ?? Task.CompletedTask).ConfigureAwait(false);
        TryKeepPositions();
        if (_spool is not null)
        {
            await _spool.DisposeAsync().ConfigureAwait(false);
        }

        if (_left is not null)
        {
            await _left.DisposeAsync().ConfigureAwait(false);
        }

        await _cluster.DisposeAsync().ConfigureAwait(false);
    }

    private void Beat()
    {
        if (_behind is not null)
        {
            return;
        }

        // A spool that refuses calls grows no further for signs of life.
        foreach (var place in _spool is { Refusal: null } ? CallsPartitions : [])
        {
            using var beat = Beat(place, _spool!.WrittenTo(place));
            _ = _spool.AppendAsync(beat, place, own: true, CancellationToken.None).AsTask();
        }

        foreach (var partition in _cluster.Partitions)
        {
            partition.Beat(() => Beat(partition.Partition, partition.Written));
        }

        _topics.Beat();
        TryKeepPositions();
    }

    private async Task RefuseAsync(string other)
    {
        _behind = other;
        _telemetry.LogBehind(other);
        _heartbeat.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        // What waits for a blob is let go once nothing is shipped any more.
        await (_spool?.StopShippingAsync() ?? Task.CompletedTask).ConfigureAwait(false);
        Unshipped.Refuse(other);
    }

    private async Task<bool> SayAsync(LedgerDrifted drifted)
    {
        using var said = Draft(LedgerPartition.Control, _identity, drifted);
        return (await AppendAsync(said, CancellationToken.None).ConfigureAwait(false)).IsDurable;
    }

    private void KeepPositions()
    {
        if (_positions is null)
        {
            return;
        }

        lock (_keeping)
        {
            // How far the spool is shipped is read first: what is known of the partitions is then never older.
            var shipped = _spool?.Shipped ?? 0;
            _positions = _positions.With(shipped, _cluster.Producer?.Tracks ?? []);
            _positions.Write(_folder);
        }
    }

    private void Keep(LedgerPositions positions)
    {
        _positions = positions;
        positions.Write(_folder);
    }

    private void TryKeepPositions()
    {
        try
        {
            KeepPositions();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // An older one only makes the next boot look for longer.
            _telemetry.LogNotTrimmed(e.Message);
        }
    }

    private EventDraft Started(LedgerPartition place, LedgerIdentity identity) => Draft(place, identity, new WriterStarted(_options.Version, Environment.MachineName, _options.RecordMode));

    private EventDraft Beat(LedgerPartition place, long written) => Draft(place, _identity, new Heartbeat(written, Counters.Received, Counters.Handled, Counters.Dropped));

    private EventDraft Draft(LedgerPartition partition, LedgerIdentity identity, EventData data) =>
        EventDraft.Write(EventId.New(_time), identity.SourceOf(_options.Role), _time.GetUtcNow(), subject: null, partition.Log, key: null, data);
}
