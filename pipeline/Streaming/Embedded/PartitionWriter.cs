using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>
/// One partition's only writer: a thread that takes whatever waits, gives each record its place in the chain, writes the group with one
/// write and one sync, and then tells everybody. Nobody waits for a timer: while one group is synced the next one gathers.
/// </summary>
internal sealed class PartitionWriter : IDisposable
{
    private readonly EmbeddedLedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerTelemetry _telemetry;
    private readonly LedgerQuota _quota;
    private readonly ChainSet _chains;
    private readonly SegmentRoll _roll;
    private readonly AppendQueue _queue;
    private readonly byte[] _buffer;
    private readonly List<PendingAppend> _group = [];
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ITimer _probe;
    private int _failures;

    private PartitionWriter(PartitionLog log, SegmentRoll roll, ChainSet chains, EmbeddedLedgerOptions options, TimeProvider time, LedgerTelemetry telemetry, LedgerQuota quota)
    {
        (Log, _roll, _chains, _options, _time, _telemetry, _quota) = (log, roll, chains, options, time, telemetry, quota);
        _queue = new(options);
        _buffer = GC.AllocateUninitializedArray<byte>(Math.Max(options.MaxGroupBytes, SegmentFormat.Framed(options.MaxRecordBytes)), pinned: true);
        _probe = time.CreateTimer(static queue => ((AppendQueue)queue!).ProbeSoon(), _queue, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public PartitionLog Log { get; }

    /// <summary>What was broken when the partition was opened.</summary>
    public string? Damage { get; private init; }

    public LedgerHealth Health =>
        _queue.Failure is { } why ? new(LedgerStatus.Unavailable, $"{Log.Partition}: {why}", _queue.Count, 0, 0)
        : Damage is { } what ? new(LedgerStatus.Degraded, $"{Log.Partition} is damaged: {what}", _queue.Count, 0, 0)
        : new(LedgerStatus.Ready, null, _queue.Count, 0, 0);

    /// <summary>Why nothing is taken; null while appends are.</summary>
    public string? Failure => _queue.Failure;

    /// <summary>Opens a partition and writes the first record of each chain. The thread runs when this returns.</summary>
    /// <param name="log">Its segments.</param>
    /// <param name="begin">Begins the chains on what was found, and says how: the first event of each.</param>
    /// <param name="options">How it is kept.</param>
    /// <param name="time">The clock.</param>
    /// <param name="telemetry">Where it is told.</param>
    /// <param name="quota">Counts what is written.</param>
    /// <exception cref="IOException">The folder cannot be written to.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The roll belongs to the writer, or is disposed where opening fails.")]
    public static PartitionWriter Open(PartitionLog log, Func<RecoveredPartition, IReadOnlyList<BegunChain>> begin, EmbeddedLedgerOptions options, TimeProvider time, LedgerTelemetry telemetry, LedgerQuota quota)
    {
        DurableFile.CreateFolder(log.Folder);
        var recovered = PartitionRecovery.Recover(log);
        var roll = SegmentRoll.Open(log, recovered, options, time, telemetry);
        PartitionWriter? writer = null;
        try
        {
            PartitionRecovery.RemoveClosed(log.Folder);
            var begun = begin(recovered);
            writer = new(log, roll, new(begun), options, time, telemetry, quota) { Damage = recovered.Damage };
            writer._group.AddRange(begun.Select(static b => PendingAppend.Of(b.Started, b.Partition)));
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

    /// <summary>Records written to this boot's chain of a partition.</summary>
    public long WrittenTo(LedgerPartition partition) => _chains.WrittenTo(partition);

    /// <summary>Bytes that an event's record may take.</summary>
    public int LongestOf(EventDraft draft) => _chains.MaxLength(draft.Tail.Length);

    public ValueTask<Appended> AppendAsync(EventDraft draft, LedgerPartition partition, bool own, CancellationToken cancellationToken) =>
        LongestOf(draft) > _options.MaxRecordBytes
            ? new(new Appended(AppendStatus.TooLarge, partition, 0))
            : _queue.Add(draft, partition, own, cancellationToken);

    /// <summary>Takes no more appends, writes those that wait, and returns when the thread is done.</summary>
    public Task CloseAsync()
    {
        _queue.Close();
        return _stopped.Task;
    }

    public void Dispose()
    {
        _probe.Dispose();
        _roll.Dispose();
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of the thread: whatever ends it must answer those who wait, not the process.")]
    private void Run()
    {
        try
        {
            while (_queue.Take(_group, Math.Min(_buffer.Length, _roll.Active.Free), FramedAtMost, out var probe))
            {
                if (_group.Count > 0)
                {
                    _ = WriteGroup();
                }

                if (probe)
                {
                    Probe();
                }
            }

            if (_queue.Failure is null)
            {
                PartitionRecovery.WriteClosed(Log.Folder, _roll.Active.Segment.BaseOffset, Log.Bounds.End, _roll.Active.Position);
            }
        }
        catch (Exception e)
        {
            Refuse($"the writer ended: {e.Message}");
            Answer(AppendStatus.Unavailable, 0);
        }
        finally
        {
            Dispose();
            _stopped.SetResult();
        }
    }

    /// <returns>Null, or why the group could not be stored.</returns>
    private string? WriteGroup()
    {
        var first = Log.Bounds.End;
        var written = false;
        try
        {
            if (_roll.Active.Free < FramedAtMost(_group[0].Tail.Length))
            {
                _roll.Next(first);
            }

            var started = _time.GetTimestamp();
            var length = Compose(first);
            written = true;
            _roll.Active.Append(_buffer.AsSpan(0, length));
            _chains.Keep();
            _quota.Added(length);
            Log.Publish(first + _group.Count, _roll.Active.Position);
            _roll.PrepareAhead();
            _telemetry.Wrote(Log.Partition, _group.Count, length, _time.GetElapsedTime(started));
            Answer(AppendStatus.Durable, first);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _chains.Return();
            if (written)
            {
                _roll.Distrust();
            }

            Refuse(e.Message);
            Answer(AppendStatus.Unavailable, 0);
            TryAgainLater();
            return e.Message;
        }
    }

    private int FramedAtMost(int tailLength) => SegmentFormat.Framed(_chains.MaxLength(tailLength));

    private int Compose(long offset)
    {
        var at = 0;
        for (var i = 0; i < _group.Count; i++)
        {
            var position = _roll.Active.Position + at;
            var length = _chains.Of(_group[i].Partition).Compose(_buffer.AsSpan(at + SegmentFormat.RecordHeaderLength), _group[i].Tail);
            at += SegmentFormat.SealFrame(_buffer.AsSpan(at), length, startsGroup: i == 0);
            _roll.Active.Segment.Passed(offset + i, position);
        }

        return at;
    }

    private void Answer(AppendStatus status, long first)
    {
        foreach (var pending in _group)
        {
            pending.Release();
        }

        AnsweredGroup.Answer(_group, status, _options.OffsetsAreFinal ? first : -1);
        _group.Clear();
    }

    private void Refuse(string reason)
    {
        if (_queue.Refuse(reason))
        {
            _telemetry.Failed(Log.Partition, reason);
        }
    }

    private void TryAgainLater() => _probe.Change(DoublingDelay.After(_failures++, _options.FirstProbeDelay, _options.LongestProbeDelay), Timeout.InfiniteTimeSpan);

    private void Probe()
    {
        try
        {
            _roll.Next(Log.Bounds.End);
            _failures = 0;
            _queue.Reopen();
            _telemetry.LogRecovered(Log.Partition, Log.Bounds.End);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Refuse(e.Message);
            TryAgainLater();
        }
    }
}
