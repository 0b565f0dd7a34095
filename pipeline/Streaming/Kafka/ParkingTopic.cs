using Confluent.Kafka;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Parking;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Parked records of all processes of a ledger, on its parked topic: whichever replica parked one, every other can list it and hand it over once more. What is parked
/// is the fold of the topic; it is read from its beginning each time, for it is short or something is very wrong.
/// </summary>
/// <param name="options">The ledger's.</param>
/// <param name="telemetry">Where trouble is told.</param>
/// <param name="time">The clock.</param>
public sealed class ParkingTopic(KafkaLedgerOptions options, KafkaTelemetry telemetry, TimeProvider time) : IParkingLot, IAsyncDisposable
{
    private const int ReadBytes = 1024 * 1024;
    private const int LongestReason = 4096;

    private readonly KafkaClients _clients = new(options, telemetry);
    private readonly TopicPartition _place = new(new TopicNames(options.TopicPrefix).Parked, 0);
    private readonly RenewedProducer _producer = new(new(options, telemetry), KafkaTopics.LongestBatch(options));

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
        var parked = new SortedDictionary<(string Consumer, string Partition, long Offset), ParkedRecord>();
        await FoldAsync(
            piece =>
            {
                var key = (piece.Said.Consumer, piece.Said.Partition.ToString(), piece.Said.Offset);
                if (piece.IsForgotten)
                {
                    parked.Remove(key);
                }
                else
                {
                    parked[key] = piece.Said;
                }
            },
            cancellationToken).ConfigureAwait(false);
        return [.. parked.Values];
    }

    /// <inheritdoc/>
    public async ValueTask<LedgerRecord> TakeAsync(ParkedRecord parked, CancellationToken cancellationToken)
    {
        ReadOnlyMemory<byte>? bytes = null;
        await FoldAsync(piece => bytes = piece.Said != parked ? bytes : piece.IsForgotten ? null : piece.Bytes, cancellationToken).ConfigureAwait(false);
        return bytes is { } found
            ? parked.Holding(found.ToArray())
            : throw new IOException($"{parked.Partition} offset {parked.Offset} of {parked.Consumer} is not parked any more.");
    }

    /// <inheritdoc/>
    public ValueTask ForgetAsync(ParkedRecord parked, CancellationToken cancellationToken) => SendAsync(new(parked, default, IsForgotten: true), cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _producer.DisposeAsync();

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

    private async Task FoldAsync(Action<ParkedPiece> fold, CancellationToken cancellationToken)
    {
        var cursor = new PartitionCursor(LedgerPartition.Control, _place, _clients, options.AnswerTimeout);
        await using var closing = cursor.ConfigureAwait(false);
        var (next, end) = await cursor.BoundsAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        while (next < end)
        {
            var batch = await cursor.ReadAsync(next, ReadBytes).WaitAsync(cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                if (ParkedPiece.Read(record.Bytes) is { } piece)
                {
                    fold(piece);
                }
            }

            if (batch.Damage is { } damage)
            {
                throw new IOException($"{_place.Topic}: {damage}");
            }

            next = batch.Next;
        }
    }
}
