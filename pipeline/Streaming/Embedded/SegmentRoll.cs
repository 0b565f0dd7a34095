namespace McpLedger.Streaming.Embedded;

/// <summary>The row of a partition's segments as its writer moves along it: recovers the last one, begins the next, sets room aside ahead of need.</summary>
internal sealed class SegmentRoll : IDisposable
{
    private readonly PartitionLog _log;
    private readonly EmbeddedLedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerTelemetry _telemetry;
    private Task _preparing = Task.CompletedTask;
    private bool _prepared;

    private SegmentRoll(PartitionLog log, EmbeddedLedgerOptions options, TimeProvider time, LedgerTelemetry telemetry) =>
        (_log, _options, _time, _telemetry) = (log, options, time, telemetry);

    public ActiveSegment Active { get; private set; } = null!;

    private long SegmentBytes => _options.SegmentBytesOf(_log.Partition.Log);

    /// <summary>Makes a partition ready to be written to: cuts what was torn, leaves what is damaged, begins a segment where one is needed.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public static SegmentRoll Open(PartitionLog log, RecoveredPartition recovered, EmbeddedLedgerOptions options, TimeProvider time, LedgerTelemetry telemetry)
    {
        var roll = new SegmentRoll(log, options, time, telemetry);
        log.Load(recovered.Segments, recovered.End, recovered.Position);
        if (recovered.Damage is { } damage)
        {
            telemetry.LogDamaged(log.Partition, damage, recovered.End);
        }

        if (recovered.Segments.Count == 0 || recovered.Damage is not null)
        {
            roll.Begin(recovered.End);
            return roll;
        }

        roll.Active = ActiveSegment.Open(recovered.Segments[^1], recovered.Size, recovered.Position, options.Sync);
        if (recovered.TornBytes > 0)
        {
            telemetry.LogCut(log.Partition, recovered.TornBytes, recovered.End);
            roll.Active.Erase(recovered.TornBytes);
        }

        return roll;
    }

    /// <summary>
    /// Begins a segment at <paramref name="offset"/>. Its base offset is also the word on where the one before it ends:
    /// whatever a failed write left there is behind the end and is read by nobody.
    /// </summary>
    /// <exception cref="IOException">There is no room, or the disk refuses; the segment before it stays.</exception>
    public void Next(long offset)
    {
        _preparing.GetAwaiter().GetResult();
        var before = Active;
        Begin(offset);
        try
        {
            before.GiveBackRoom();
        }
        catch (IOException e)
        {
            // Only room is lost: where the segment ends is said by the next one's name.
            _telemetry.LogNotPrepared(_log.Partition, e.Message);
        }

        before.Dispose();
    }

    /// <summary>Tries to take back what a failed write left. That may fail as well; then the next segment's base offset says that it does not count.</summary>
    public void Distrust()
    {
        try
        {
            Active.Erase(Math.Min(_options.MaxGroupBytes, Active.Free));
        }
        catch (IOException)
        {
            // The failure is being told already.
        }
    }

    /// <summary>Sets the next segment's room aside while this one still has some: zeroing 64 MiB takes a hundred milliseconds that no append should wait.</summary>
    public void PrepareAhead()
    {
        if (!_prepared && Active.Free < Active.Size / 2)
        {
            _prepared = true;

            // A thread of its own: one of the few of the pool would be missed by the calls that go on meanwhile.
            _preparing = Task.Factory.StartNew(Prepare, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
    }

    public void Dispose() => Active?.Dispose();

    private void Begin(long offset)
    {
        var header = new SegmentHeader(_log.Partition, offset, (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, SegmentBytes);
        var active = ActiveSegment.Create(_log.Folder, header, _options.Sync);
        Active = active;
        _prepared = false;
        _log.Add(active.Segment, active.Position);
    }

    private void Prepare()
    {
        try
        {
            ActiveSegment.Prepare(_log.Folder, SegmentBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nothing is lost yet: the roll tries again and then it counts.
            _telemetry.LogNotPrepared(_log.Partition, e.Message);
        }
    }
}
