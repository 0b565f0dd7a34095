using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>Folds what the consumers of the partitions bring, each in a transaction of its own beside the others.</summary>
internal sealed class MartenHandler : IProjectionHandler
{
    private readonly MartenStores _stores;
    private readonly MartenWriter _writer;
    private readonly ILedgerReader _reader;
    private readonly TimeProvider _time;
    private readonly ProjectionTelemetry _telemetry;
    private readonly Progress _progress;

    public MartenHandler(MartenStores stores, ILedgerReader reader, TimeProvider time, ProjectionTelemetry telemetry)
    {
        (_stores, _writer, _reader, _time, _telemetry) = (stores, new(stores), reader, time, telemetry);
        _progress = new(reader, time, telemetry);
    }

    public async ValueTask<long> PositionAsync(LedgerPartition partition, CancellationToken cancellationToken)
    {
        var next = await _writer.NextOfAsync(partition, cancellationToken);
        _progress.Began(partition, next);
        return next;
    }

    public void Ended(LedgerPartition partition) => _progress.Ended(partition);

    public async ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var result = await _writer.ApplyAsync(side: null, batch.Partition, batch.Records, batch.Next, cancellationToken);
        _telemetry.Folded(batch.Partition, result.Folded, result.Repeated, _time.GetElapsedTime(began));
        _progress.Reached(batch.Partition, batch.Next, result.LastMicros);
    }

    public async ValueTask<RebuildReport> RebuildAsync(CancellationToken cancellationToken)
    {
        var report = await MartenRebuild.RunAsync(_stores, _reader, _time, cancellationToken);
        _telemetry.Rebuilt(report);
        return report;
    }

    // One of several replicas must not build a whole side anew by itself: here forgetting is a rebuild that an operator starts.
    public ValueTask<long> ForgetDroppedAsync(CancellationToken cancellationToken) => new(0);
}
