using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>
/// Indexes what the consumers of the partitions bring: documents first, then the position. After that it looks whether another generation was put in force meanwhile, and if so makes
/// sure that searches go to it and goes on from where that one stands, so that nobody has to hold the consumers while they change over.
/// </summary>
internal sealed class ElasticHandler(
    ElasticState state, BulkWriter bulk, ElasticOptions options, ILedgerReader reader, IBlobStore blobs, TimeProvider time, ElasticTelemetry telemetry) : IRecordHandler
{
    private readonly ConcurrentDictionary<LedgerPartition, Lane> _lanes = new();

    public async ValueTask<long> PositionAsync(LedgerPartition partition, CancellationToken cancellationToken)
    {
        var generation = await state.EnsureAsync(cancellationToken).ConfigureAwait(false);
        var next = await state.PositionAsync(generation, partition, cancellationToken).ConfigureAwait(false);
        var lane = LaneOf(partition);
        (lane.Generation, lane.Next, lane.Isolated) = (generation, next, null);
        if (generation.Mapping != ElasticMapping.Version)
        {
            telemetry.LogOtherMapping(generation.Number, generation.Mapping, ElasticMapping.Version);
        }

        return next;
    }

    public void Ended(LedgerPartition partition)
    {
        telemetry.Forget(partition);
        _lanes.TryRemove(partition, out _);
    }

    public async ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken)
    {
        var lane = LaneOf(batch.Partition);
        if (lane.Isolated is { } isolated && batch is { Next: { } past, Records: [var only] } && isolated.Knows(only.Offset))
        {
            if (isolated.Refused.TryGetValue(only.Offset, out var reason))
            {
                throw new InvalidDataException(reason);
            }

            if (only.Offset < isolated.Last)
            {
                // Indexed with the batch that it was isolated from. The position follows with the last of them.
                return;
            }

            batch = new(batch.Partition, [], past);
        }

        lane.Generation ??= await state.EnsureAsync(cancellationToken).ConfigureAwait(false);
        while (true)
        {
            await IndexAsync(lane, batch, cancellationToken).ConfigureAwait(false);
            if (await state.FindAsync(cancellationToken).ConfigureAwait(false) == lane.Generation)
            {
                return;
            }

            // Whoever put another in force may have broken off before the alias named it, or everything was deleted: then nobody else makes what is missing.
            var current = await state.EnsureAsync(cancellationToken).ConfigureAwait(false);
            telemetry.LogFollowed(batch.Partition, current.Number);
            (lane.Generation, lane.Isolated) = (current, null);
            await FillAsync(lane, batch, cancellationToken).ConfigureAwait(false);
        }
    }

    private async ValueTask IndexAsync(Lane lane, ConsumedBatch batch, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var outcome = new Dictionary<long, string>();
        var (items, micros) = await lane.Documents.MakeAsync(lane.Generation!, batch.Records, outcome, cancellationToken).ConfigureAwait(false);
        var written = await bulk.WriteAsync(items, cancellationToken).ConfigureAwait(false);
        foreach (var (offset, reason) in outcome)
        {
            written.Refused[offset] = reason;
        }

        telemetry.Indexed(batch.Partition, written, time.GetElapsedTime(began));
        if (written.Refused.Count > 0)
        {
            var first = written.Refused.MinBy(r => r.Key);
            lane.Isolated = batch.Next is null ? lane.Isolated : new(batch.Records[0].Offset, batch.Records[^1].Offset, written.Refused);
            throw new InvalidDataException(
                batch.Records.Count == 1 ? first.Value : $"{written.Refused.Count} of {batch.Records.Count} events, offset {first.Key} the first: {first.Value}");
        }

        if (batch.Next is { } next)
        {
            await state.KeepAsync(lane.Generation!, batch.Partition, next, cancellationToken).ConfigureAwait(false);
            lane.Isolated = lane.Isolated is { } isolated && next <= isolated.Last ? isolated : null;
            lane.Reached(next, micros);
        }
    }

    // Between where the new generation stands and the batch in hand lies what was indexed in the one before.
    private async ValueTask FillAsync(Lane lane, ConsumedBatch batch, CancellationToken cancellationToken)
    {
        var end = batch.Records.Count > 0 ? batch.Records[0].Offset : batch.Next ?? 0;
        await ElasticCatchUp.RunAsync(state, bulk, lane.Documents, reader, lane.Generation!, batch.Partition, end, options.MaxBatchBytes, cancellationToken).ConfigureAwait(false);
    }

    private Lane LaneOf(LedgerPartition partition)
    {
        if (_lanes.TryGetValue(partition, out var known))
        {
            return known;
        }

        var made = new Lane(new(state.Names, options, blobs, time), new(reader, partition));
        var lane = _lanes.GetOrAdd(partition, made);
        if (ReferenceEquals(lane, made))
        {
            telemetry.Observe(partition, () => Math.Max(0, lane.End.Seen - lane.Next), () => lane.Micros == 0 ? 0 : (time.GetUtcNow() - DateTimeOffset.UnixEpoch.AddMicroseconds(lane.Micros)).TotalSeconds);
        }

        return lane;
    }

    /// <summary>What is known of a partition between two batches, which come one after the other.</summary>
    private sealed class Lane(ElasticDocuments documents, PartitionEnd end)
    {
        private long _next;
        private long _micros;

        public ElasticDocuments Documents => documents;

        public PartitionEnd End => end;

        public ElasticGeneration? Generation { get; set; }

        public IsolatedBatch? Isolated { get; set; }

        public long Next
        {
            get => Interlocked.Read(ref _next);
            set => Interlocked.Exchange(ref _next, value);
        }

        public long Micros => Interlocked.Read(ref _micros);

        public void Reached(long next, long micros)
        {
            Next = next;
            Interlocked.Exchange(ref _micros, Math.Max(Micros, micros));
        }
    }

    /// <summary>A batch of which some records were refused: the consumer brings its records again one by one, and the engine need not be asked again.</summary>
    private sealed record IsolatedBatch(long First, long Last, IReadOnlyDictionary<long, string> Refused)
    {
        public bool Knows(long offset) => offset >= First && offset <= Last;
    }
}
