using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>
/// One partition's only writer: a thread that takes whatever waits, gives each record its place in the chain, writes the group with one
/// write and one sync, and then tells everybody. Nobody waits for a timer: while one group is synced the next one gathers.
/// </summary>
internal sealed class PartitionWriter : IDisposable
{
    private readonly object _gate = new();
    private readonly EmbeddedLedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerTelemetry _telemetry;
    private readonly LedgerQuota _quota;
    private readonly ChainWriter _chain;
    private readonly SegmentRoll _roll;
    private readonly byte[] _buffer;
    private readonly Queue<PendingAppend> _queue = new();
    private readonly List<PendingAppend> _group = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _probe;

    private long _queuedBytes;
    private bool _idle;
    private bool _closing;
    private bool _probeDue;
    private bool _syncing;
    private string? _failure;
    private int _failures;

    private PartitionWriter(PartitionLog log, SegmentRoll roll, ChainWriter chain, EmbeddedLedgerOptions options, TimeProvider time, LedgerTelemetry telemetry, LedgerQuota quota)
    {
        (Log, _roll, _chain, _options, _time, _telemetry, _quota) = (log, roll, chain, options, time, telemetry, quota);
        _buffer = GC.AllocateUninitializedArray<byte>(Math.Max(options.MaxGroupBytes, SegmentFormat.Framed(options.MaxRecordBytes)), pinned: true);
        _probe = time.CreateTimer(static writer => ((PartitionWriter)writer!).ProbeSoon(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public PartitionLog Log { get; }

    /// <summary>Records written to this boot's chain.</summary>
    public long Written => Volatile.Read(ref _written);

    private long _written;

    public LedgerHealth Health
    {
        get
        {
            lock (_gate)
            {
                var queued = _queue.Count + _group.Count;
                return _failure is { } why ? new(LedgerStatus.Unavailable, $"{Log.Partition}: {why}", queued, 0, 0)
                    : Damage is { } what ? new(LedgerStatus.Degraded, $"{Log.Partition} is damaged: {what}", queued, 0, 0)
                    : new(LedgerStatus.Ready, null, queued, 0, 0);
            }
        }
    }

    /// <summary>What was broken when the partition was opened.</summary>
    public string? Damage { get; private init; }

    /// <summary>Opens a partition and writes the first record of a chain. The thread runs when this returns.</summary>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The roll belongs to the writer, or is disposed where opening fails.")]
    public static PartitionWriter Open(PartitionLog log, string chain, EventDraft started, EmbeddedLedgerOptions options, TimeProvider time, LedgerTelemetry telemetry, LedgerQuota quota)
    {
        DurableFile.CreateFolder(log.Folder);
        var recovered = PartitionRecovery.Recover(log.Folder);
        var roll = SegmentRoll.Open(log, recovered, options, time, telemetry);
        PartitionWriter? writer = null;
        try
        {
            PartitionRecovery.RemoveClosed(log.Folder);
            writer = new(log, roll, new(chain, recovered.Last), options, time, telemetry, quota) { Damage = recovered.Damage };
            writer._group.Add(PendingAppend.Of(started));
            if (writer.WriteGroup() is { } failure)
            {
                throw new IOException(failure);
            }

            new Thread(writer.Run) { IsBackground = true, Name = $"ledger {log.Partition}" }.Start();
            return writer;
        }
        catch
        {
            roll.Dispose();
            writer?._probe.Dispose();
            throw;
        }
    }

    public ValueTask<Appended> AppendAsync(EventDraft draft, bool own, CancellationToken cancellationToken)
    {
        var length = draft.Tail.Length;
        if (_chain.MaxLength(length) > _options.MaxRecordBytes)
        {
            return new(new Appended(AppendStatus.TooLarge, Log.Partition, 0));
        }

        PendingAppend pending;
        ValueTask<Appended> task;
        lock (_gate)
        {
            if (_failure is not null || _closing)
            {
                return new(new Appended(AppendStatus.Unavailable, Log.Partition, 0));
            }

            if (!own && (_queue.Count >= _options.MaxQueuedAppends || _queuedBytes + length > _options.MaxQueuedBytes))
            {
                return new(new Appended(AppendStatus.Pushback, Log.Partition, 0));
            }

            pending = PendingAppend.Of(draft);
            task = pending.Task;
            _queue.Enqueue(pending);
            _queuedBytes += length;
            if (cancellationToken.CanBeCanceled)
            {
                pending.CancelWith(cancellationToken);
            }

            if (_idle)
            {
                _idle = false;
                Monitor.Pulse(_gate);
            }
        }

        return task;
    }

    /// <summary>Takes no more appends, writes those that wait, and returns when the thread is done.</summary>
    public Task CloseAsync()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.PulseAll(_gate);
        }

        return _stopped.Task;
    }

    public void Dispose()
    {
        _probe.Dispose();
        _roll.Dispose();
    }

    private void ProbeSoon()
    {
        lock (_gate)
        {
            _probeDue = true;
            Monitor.PulseAll(_gate);
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of the thread: whatever ends it must answer those who wait, not the process.")]
    private void Run()
    {
        try
        {
            while (TakeGroup())
            {
                if (_group.Count > 0)
                {
                    _ = WriteGroup();
                }

                if (_probeDue)
                {
                    Probe();
                }
            }

            if (_failure is null)
            {
                PartitionRecovery.WriteClosed(Log.Folder, _roll.Active.Segment.BaseOffset, Log.Bounds.End, _roll.Active.Position);
            }
        }
        catch (Exception e)
        {
            Fail(e.Message, retry: false);
        }
        finally
        {
            Dispose();
            _stopped.SetResult();
        }
    }

    private bool TakeGroup()
    {
        lock (_gate)
        {
            while (_queue.Count == 0 && !_closing && !_probeDue)
            {
                _idle = true;
                Monitor.Wait(_gate);
            }

            _idle = false;
            long room = Math.Min(_buffer.Length, _roll.Active.Free);
            while (_queue.TryPeek(out var next))
            {
                room -= SegmentFormat.Framed(_chain.MaxLength(next.Tail.Length));
                if (room < 0 && _group.Count > 0)
                {
                    break;
                }

                _queuedBytes -= next.Tail.Length;
                _group.Add(_queue.Dequeue());
            }

            return _group.Count > 0 || _probeDue || !_closing;
        }
    }

    /// <returns>Null, or why the group could not be stored.</returns>
    private string? WriteGroup()
    {
        var before = _chain.Position;
        var first = Log.Bounds.End;
        string? failure = null;
        var status = AppendStatus.Durable;
        try
        {
            if (_roll.Active.Free < SegmentFormat.Framed(_chain.MaxLength(_group[0].Tail.Length)))
            {
                _roll.Next(first);
            }

            var started = _time.GetTimestamp();
            var length = Compose(first);
            _syncing = true;
            _roll.Active.Append(_buffer.AsSpan(0, length));
            _syncing = false;
            Interlocked.Add(ref _written, _group.Count);
            _quota.Added(length);
            Log.Publish(first + _group.Count, _roll.Active.Position);
            _roll.PrepareAhead();
            _telemetry.Wrote(Log.Partition, _group.Count, length, _time.GetElapsedTime(started));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _chain.ReturnTo(before);
            failure = e.Message;
            status = AppendStatus.Unavailable;
            if (_syncing)
            {
                _syncing = false;
                _roll.Distrust();
            }
        }

        foreach (var pending in _group)
        {
            pending.Release();
        }

        if (failure is not null)
        {
            Fail(failure, retry: true);
        }

        AnsweredGroup.Answer(_group, status, Log.Partition, first);
        lock (_gate)
        {
            _group.Clear();
        }

        return failure;
    }

    private int Compose(long offset)
    {
        var at = 0;
        for (var i = 0; i < _group.Count; i++)
        {
            var position = _roll.Active.Position + at;
            var length = _chain.Compose(_buffer.AsSpan(at + SegmentFormat.RecordHeaderLength), _group[i].Tail);
            at += SegmentFormat.SealFrame(_buffer.AsSpan(at), length, startsGroup: i == 0);
            _roll.Active.Segment.Passed(offset + i, position);
        }

        return at;
    }

    private void Fail(string reason, bool retry)
    {
        List<PendingAppend> waiting;
        lock (_gate)
        {
            if (_failure != reason)
            {
                _telemetry.Failed(Log.Partition, reason);
            }

            _failure = reason;
            waiting = [.. _queue];
            _queue.Clear();
            _queuedBytes = 0;
        }

        foreach (var pending in waiting)
        {
            pending.Release();
        }

        AnsweredGroup.Answer(waiting, AppendStatus.Unavailable, Log.Partition, 0);
        if (retry)
        {
            var delay = _options.FirstProbeDelay * Math.Pow(2, Math.Min(_failures++, 16));
            _probe.Change(delay < _options.LongestProbeDelay ? delay : _options.LongestProbeDelay, Timeout.InfiniteTimeSpan);
        }
    }

    private void Probe()
    {
        _probeDue = false;
        try
        {
            _roll.Next(Log.Bounds.End);
            _failures = 0;
            lock (_gate)
            {
                _failure = null;
            }

            _telemetry.LogRecovered(Log.Partition, Log.Bounds.End);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Fail(e.Message, retry: true);
        }
    }
}
