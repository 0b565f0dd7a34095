using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Parking;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Parked records of all processes of a ledger, on its parked topic: whichever replica parked one, every other can list it and hand it over once more. What is parked
/// is the fold of the topic: this keeps what is said of each record and where it stands, never its bytes, and reads on from where it was read last.
/// </summary>
/// <param name="options">The ledger's.</param>
/// <param name="telemetry">Where trouble is told.</param>
/// <param name="time">The clock.</param>
[SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "CloseAsync disposes the cursor; the semaphore has no handle.")]
public sealed class ParkingTopic(KafkaLedgerOptions options, KafkaTelemetry telemetry, TimeProvider time) : IParkingLot, IAsyncDisposable
{
    private const int ReadBytes = 1024 * 1024;
    private const int LongestReason = 4096;

    private readonly KafkaClients _clients = new(options, telemetry);
    private readonly TopicPartition _place = new(new TopicNames(options.TopicPrefix).Parked, 0);
    private readonly SortedDictionary<(string Consumer, string Partition, long Offset), (ParkedRecord Record, long At)> _parked = [];
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly RenewedProducer _producer = new(new(options, telemetry), KafkaTopics.LongestBatch(options));
    private PartitionCursor? _cursor;
    private long _next;

    /// <summary>Records of the topic that were read.</summary>
    internal long RecordsRead { get; private set; }

    /// <inheritdoc/>
    public ValueTask ParkAsync(string consumer, LedgerRecord record, string reason, CancellationToken cancellationToken) => SendAsync(
        new(
            new(consumer, record.Partition, record.Offset, time.GetUtcNow(), Digest.Of(record.Bytes.Span), reason.Length > LongestReason ? reason[..LongestReason] : reason),
            record.Bytes,
            IsForgotten: false),
        cancellationToken);

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<ParkedRecord>> ListAsync(CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await FoldAsync(cancellationToken).ConfigureAwait(false);
            return [.. _parked.Values.Select(static p => p.Record)];
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<LedgerRecord> TakeAsync(ParkedRecord parked, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await FoldAsync(cancellationToken).ConfigureAwait(false);
            if (!_parked.TryGetValue(KeyOf(parked), out var known) || known.Record != parked)
            {
                throw new NotParkedException(parked);
            }

            var read = await ReadAsync(known.At, maxBytes: 1, cancellationToken).ConfigureAwait(false);
            RecordsRead += read.Records.Count;
            return read.Records is [var record, ..] && record.Offset == known.At && ParkedPiece.Read(record.Bytes) is { } piece && piece.Said == parked
                ? parked.Holding(piece.Bytes.ToArray())
                : throw new IOException($"{_place.Topic} offset {known.At} does not hold what was parked there.");
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public ValueTask ForgetAsync(ParkedRecord parked, CancellationToken cancellationToken) => SendAsync(new(parked, default, IsForgotten: true), cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        await _producer.DisposeAsync().ConfigureAwait(false);
    }

    private static (string Consumer, string Partition, long Offset) KeyOf(ParkedRecord parked) => (parked.Consumer, parked.Partition.ToString(), parked.Offset);

    private async ValueTask SendAsync(ParkedPiece piece, CancellationToken cancellationToken)
    {
        try
        {
            // Cancelled, it may still be sent: parking twice says the same twice.
            await _producer.SendAsync(_place, piece.Write()).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw new IOException($"{_place.Topic} cannot be written: {e.Error.Reason}", e);
        }
    }

    /// <summary>Takes in what was said since it was looked at last. Under the turn.</summary>
    private async Task FoldAsync(CancellationToken cancellationToken)
    {
        var bounds = await UseAsync(static c => c.BoundsAsync(), cancellationToken).ConfigureAwait(false);
        if (bounds.End < _next)
        {
            // The topic was made anew.
            _parked.Clear();
            _next = 0;
        }

        for (_next = Math.Max(_next, bounds.First); _next < bounds.End;)
        {
            var batch = await ReadAsync(_next, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                Fold(record);
            }

            _next = batch.Next;
        }

        // What retention took is not parked any more.
        foreach (var gone in _parked.Where(p => p.Value.At < bounds.First).Select(static p => p.Key).ToArray())
        {
            _parked.Remove(gone);
        }
    }

    private void Fold(LedgerRecord record)
    {
        RecordsRead++;
        if (ParkedPiece.Read(record.Bytes) is not { } piece)
        {
            return;
        }

        if (piece.IsForgotten)
        {
            _parked.Remove(KeyOf(piece.Said));
        }
        else
        {
            _parked[KeyOf(piece.Said)] = (piece.Said, record.Offset);
        }
    }

    private async Task<ReadBatch> ReadAsync(long from, int maxBytes, CancellationToken cancellationToken)
    {
        var batch = await UseAsync(c => c.ReadAsync(from, maxBytes), cancellationToken).ConfigureAwait(false);
        return batch.Damage is { } damage ? throw new IOException($"{_place.Topic}: {damage}") : batch;
    }

    private async Task<T> UseAsync<T>(Func<PartitionCursor, Task<T>> use, CancellationToken cancellationToken)
    {
        var used = false;
        try
        {
            var answer = await use(_cursor ??= new(LedgerPartition.Control, _place, _clients, options.AnswerTimeout)).WaitAsync(cancellationToken).ConfigureAwait(false);
            used = true;
            return answer;
        }
        finally
        {
            if (!used)
            {
                // It may still be at it, and takes one request at a time.
                await CloseAsync().ConfigureAwait(false);
            }
        }
    }

    private async Task CloseAsync()
    {
        if (Interlocked.Exchange(ref _cursor, null) is { } cursor)
        {
            await cursor.DisposeAsync().ConfigureAwait(false);
        }
    }
}
