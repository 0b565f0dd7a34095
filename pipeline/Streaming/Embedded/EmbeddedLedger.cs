using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>
/// The ledger as segment files of this machine: one writer per log, group commit, durable when answered. It never throws for what the disk does:
/// while it cannot be opened or written to it answers <see cref="AppendStatus.Unavailable"/>, and it tries again by itself.
/// </summary>
[SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "Writers dispose themselves when their thread ends; the semaphore has no handle and outlives a second dispose.")]
public sealed class EmbeddedLedger : ILedger
{
    internal const string FolderName = "ledger";

    private static readonly LedgerPartition[] Both = [LedgerPartition.Calls, LedgerPartition.Control];

    private readonly EmbeddedLedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerTelemetry _telemetry;
    private readonly LedgerQuota _quota;
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly ITimer _retry;
    private readonly ITimer _heartbeat;
    private readonly PartitionLog _calls;
    private readonly PartitionLog _control;

    private FolderLock? _lock;
    private LedgerIdentity? _boot;
    private PartitionWriter? _callsBegun;
    private volatile PartitionWriter? _callsWriter;
    private volatile PartitionWriter? _controlWriter;
    private volatile LedgerIdentity _identity;
    private volatile string? _notOpen = "the ledger is not open yet";
    private int _failures;
    private bool _disposed;

    private EmbeddedLedger(EmbeddedLedgerOptions options, LedgerCounters counters, TimeProvider time, LedgerTelemetry telemetry)
    {
        (_options, Counters, _time, _telemetry) = (options, counters, time, telemetry);
        _quota = new(options, telemetry);
        _calls = new(LedgerPartition.Calls, PartitionFolder(options.Folder, LedgerPartition.Calls));
        _control = new(LedgerPartition.Control, PartitionFolder(options.Folder, LedgerPartition.Control));
        _identity = new(default, options.Instance ?? "unknown", 0, $"{options.OriginHost}/mcpledger/00000000");
        _retry = time.CreateTimer(static ledger => _ = ((EmbeddedLedger)ledger!).TryOpenAsync(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _heartbeat = time.CreateTimer(static ledger => ((EmbeddedLedger)ledger!).Beat(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        telemetry.Observe(() => Health);
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
            var quota = _quota.Health;
            return _notOpen is not null || _callsWriter is not { } calls || _controlWriter is not { } control
                ? quota with { Status = LedgerStatus.Unavailable, Reason = _notOpen ?? "the ledger is closed" }
                : quota.With(calls.Health).With(control.Health);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<LedgerPartition> Partitions => Both;

    /// <summary>Opens a ledger, or begins to try: a folder that is locked, read-only or full is a ledger that is not available yet.</summary>
    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    public static async Task<EmbeddedLedger> OpenAsync(EmbeddedLedgerOptions options, LedgerCounters counters, TimeProvider time, LedgerTelemetry telemetry)
    {
        Check(options);
        var ledger = new EmbeddedLedger(options, counters, time, telemetry);
        await ledger.TryOpenAsync().ConfigureAwait(false);
        return ledger;
    }

    /// <inheritdoc/>
    public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken)
    {
        var calls = draft.Log == LedgerLog.Calls;
        var writer = calls ? _callsWriter : _controlWriter;
        return writer is null || (calls && _quota.IsPast)
            ? new(new Appended(AppendStatus.Unavailable, calls ? LedgerPartition.Calls : LedgerPartition.Control, 0))
            : writer.AppendAsync(draft, writer.Log.Partition, own: false, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => new(LogOf(partition).Bounds);

    /// <inheritdoc/>
    public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken) =>
        new(LogOf(partition).Read(from, maxBytes));

    /// <inheritdoc/>
    public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => LogOf(partition).WaitAsync(from, cancellationToken);

    /// <summary>The segments of a partition, oldest first.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public IReadOnlyList<LedgerSegment> ListSegments(LedgerPartition partition) => SegmentListing.List(LogOf(partition));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<LedgerSegment>> ListSegmentsAsync(LedgerPartition partition, CancellationToken cancellationToken) => new(ListSegments(partition));

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<LedgerSegment>> DropThroughAsync(LedgerPartition partition, long offset, CancellationToken cancellationToken)
    {
        var dropped = await Task.Run(() => SegmentListing.DropThrough(LogOf(partition), offset, _telemetry), cancellationToken).ConfigureAwait(false);
        _quota.Recount([_calls, _control]);
        return dropped;
    }

    /// <summary>Reads a whole partition for damage that nobody accepted.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IReadOnlyList<DamagedStretch> FindDamage(LedgerPartition partition, CancellationToken cancellationToken) => LogOf(partition).FindDamage(cancellationToken);

    /// <summary>Lets readers step over a damaged stretch from now on. The event that says so must be durable before.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void AcceptDamage(DamagedStretch stretch) => LogOf(stretch.Partition).Accepted.Accept(stretch);

    /// <inheritdoc/>
    public ValueTask DropBlobsBeforeAsync(DateTimeOffset moment, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Takes no more appends, writes those that wait, closes the chains with <c>writer.stopped.v1</c> and lets the folder go.</summary>
    public async ValueTask DisposeAsync()
    {
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
            var (calls, control) = (_callsBegun, _controlWriter);
            (_callsWriter, _controlWriter) = (null, null);
            await CloseAsync(calls).ConfigureAwait(false);
            await CloseAsync(control).ConfigureAwait(false);
            _lock?.Dispose();
            _notOpen = "the ledger is closed";
        }
        finally
        {
            _opening.Release();
        }
    }

    internal static string PartitionFolder(string folder, LedgerPartition partition) => Path.Combine(folder, FolderName, partition.ToString());

    private static void Check(EmbeddedLedgerOptions options)
    {
        const int SmallestSegment = 64 * 1024;
        var wrong = options switch
        {
            { Folder: "" } => "Folder is empty.",
            { Instance: { } name } when !LedgerIdentity.IsName(name) => $"Instance '{name}' has other characters than letters, digits, '-', '_' and '.', or more than 64.",
            _ when Math.Min(options.SegmentBytes, options.ControlSegmentBytes) < SmallestSegment => $"A segment has at least {SmallestSegment} bytes.",
            _ when Math.Min(options.SegmentBytes, options.ControlSegmentBytes) < 2L * options.MaxRecordBytes => "MaxRecordBytes is more than half of a segment.",
            _ => null,
        };
        if (wrong is not null)
        {
            throw new ArgumentException(wrong, nameof(options));
        }
    }

    private PartitionLog LogOf(LedgerPartition partition) =>
        partition == LedgerPartition.Calls ? _calls
        : partition == LedgerPartition.Control ? _control
        : throw new ArgumentOutOfRangeException(nameof(partition), partition, "The embedded ledger has one partition a log.");

    private async Task TryOpenAsync()
    {
        await _opening.WaitAsync().ConfigureAwait(false);
        try
        {
            if (!_disposed && _callsWriter is null)
            {
                Open();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (_notOpen != e.Message)
            {
                _telemetry.LogNotOpened(e.Message);
            }

            _notOpen = e.Message;
            _retry.Change(DoublingDelay.After(_failures++, _options.FirstProbeDelay, _options.LongestProbeDelay), Timeout.InfiniteTimeSpan);
        }
        finally
        {
            _opening.Release();
        }
    }

    // Each step that succeeded stays, so that a boot that is tried again is still one boot with one chain a partition.
    private void Open()
    {
        var folder = Path.Combine(_options.Folder, FolderName);
        DurableFile.CreateFolder(folder);
        string? holder = null;
        _lock ??= FolderLock.TryTake(folder, out holder) ?? throw new IOException($"the ledger is locked by process {holder}");
        _boot ??= LedgerIdentity.Boot(_options.Folder, _options.Instance, landed: 0, () => (EventId.New(_time), $"{_options.OriginHost}/mcpledger/{RandomNumberGenerator.GetHexString(8, lowercase: true)}"));
        _callsBegun ??= Open(_calls, _boot);
        var control = Open(_control, _boot);
        _identity = _boot;
        _controlWriter = control;
        _callsWriter = _callsBegun;
        _notOpen = null;
        _quota.Recount([_calls, _control]);
        _telemetry.LogOpened(_boot.Ledger, _boot.Instance, _boot.Epoch);
        if (_options.HeartbeatInterval > TimeSpan.Zero)
        {
            _heartbeat.Change(_options.HeartbeatInterval, _options.HeartbeatInterval);
        }
    }

    private PartitionWriter Open(PartitionLog log, LedgerIdentity identity)
    {
        using var started = Draft(log.Partition, identity, new WriterStarted(_options.Version, Environment.MachineName, _options.RecordMode));
        return PartitionWriter.Open(log, _ => [new(log.Partition, new(identity.ChainOf(log.Partition), PartitionRecovery.LastOf(log, identity.Instance)), started)], _options, _time, _telemetry, _quota);
    }

    private async Task CloseAsync(PartitionWriter? writer)
    {
        if (writer is null)
        {
            return;
        }

        using var stopped = Draft(writer.Log.Partition, _boot!, new WriterStopped(writer.WrittenTo(writer.Log.Partition)));
        var last = writer.AppendAsync(stopped, writer.Log.Partition, own: true, CancellationToken.None);
        await writer.CloseAsync().ConfigureAwait(false);
        _ = await last.ConfigureAwait(false);
    }

    private void Beat()
    {
        _quota.Recount([_calls, _control]);
        Beat(_callsWriter);
        Beat(_controlWriter);
    }

    private void Beat(PartitionWriter? writer)
    {
        if (writer is null)
        {
            return;
        }

        using var beat = Draft(writer.Log.Partition, _identity, new Heartbeat(writer.WrittenTo(writer.Log.Partition), Counters.Received, Counters.Handled, Counters.Dropped));
        _ = writer.AppendAsync(beat, writer.Log.Partition, own: true, CancellationToken.None).AsTask();
    }

    private EventDraft Draft(LedgerPartition partition, LedgerIdentity identity, EventData data) =>
        EventDraft.Write(EventId.New(_time), identity.SourceOf(_options.Role), _time.GetUtcNow(), subject: null, partition.Log, key: null, data);
}
