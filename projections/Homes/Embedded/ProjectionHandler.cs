using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Projections.Homes.Embedded;

/// <summary>Folds what the consumers of the partitions bring. One writer, so one at a time; a rebuild takes its turn here too.</summary>
internal sealed class ProjectionHandler : IProjectionHandler, IDisposable
{
    /// <summary>The read models are built anew when one in so many of the events they hold is not kept any more.</summary>
    private const int ForgottenShare = 8;

    private readonly ProjectionHome _home;
    private readonly ILedgerReader _reader;
    private readonly IBlobStore _blobs;
    private readonly ClaimChecks _claims;
    private readonly TimeProvider _time;
    private readonly ProjectionTelemetry _telemetry;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly YieldingScheduler _folding = new("projections");
    private readonly Progress _progress;

    public ProjectionHandler(ProjectionHome home, ILedgerReader reader, IBlobStore blobs, TimeSpan patience, TimeProvider time, ProjectionTelemetry telemetry)
    {
        (_home, _reader, _blobs, _time, _telemetry) = (home, reader, blobs, time, telemetry);
        _claims = new(blobs, patience, time);
        _progress = new(reader, time, telemetry);
    }

    public async ValueTask<long> PositionAsync(LedgerPartition partition, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var next = Writer.NextOf(partition);
            _progress.Began(partition, next);
            return next;
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Ended(LedgerPartition partition) => _progress.Ended(partition);

    public async ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var began = _time.GetTimestamp();
            var result = await _folding.RunAsync(() => Writer.ApplyAsync(batch.Partition, batch.Records, batch.Next, _claims, cancellationToken).AsTask(), cancellationToken);
            _telemetry.Folded(batch.Partition, result.Folded, result.Repeated, _time.GetElapsedTime(began));
            _progress.Reached(batch.Partition, batch.Next, result.LastMicros);
        }
        finally
        {
            _turn.Release();
        }
    }

    public async ValueTask<RebuildReport> RebuildAsync(CancellationToken cancellationToken)
    {
        var report = await ProjectionRebuild.RunAsync(_home, _reader, _blobs, _turn, _time, cancellationToken);
        _telemetry.Rebuilt(report);
        return report;
    }

    // Sums over dropped events cannot be taken back one by one, so forgetting is building anew from what is kept. Not for every segment: each event is
    // folded again at most as often as the share says, however long the log is.
    public async ValueTask<long> ForgetDroppedAsync(CancellationToken cancellationToken)
    {
        foreach (var partition in _reader.Partitions)
        {
            var first = (await _reader.BoundsAsync(partition, cancellationToken)).First;
            var oldest = await _home.ReadAsync(d => ViewReading.FirstOffset(d, partition), cancellationToken);
            var next = (await _home.ReadAsync(ViewReading.Positions, cancellationToken)).GetValueOrDefault(partition.ToString()).Next;
            if (oldest < first && (first - oldest) * ForgottenShare >= next - oldest)
            {
                return (await RebuildAsync(cancellationToken)).Forgotten;
            }
        }

        return 0;
    }

    public void Dispose()
    {
        _folding.Dispose();
        _turn.Dispose();
    }

    private ProjectionWriter Writer => _home.Writer ?? throw new InvalidOperationException("The read models were opened to read only.");
}
