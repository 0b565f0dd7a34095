using System.Buffers;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// One partition whose appends wait for the in-sync replicas. A record gets its place in the chain and is handed to the producer under one lock, so that the
/// order of the chain is the order of the log.
/// </summary>
internal sealed class QuorumPartition
{
    private readonly RecordProducer _producer;
    private readonly PartitionTrack _track;
    private readonly ChainWriter _chain;
    private readonly KafkaLedgerOptions _options;
    private readonly AcknowledgedWaiters _waiters;
    private Task _beat = Task.CompletedTask;
    private bool _closed;

    public QuorumPartition(RecordProducer producer, PartitionTrack track, ChainWriter chain, KafkaLedgerOptions options, AcknowledgedWaiters waiters) =>
        (_producer, _track, _chain, _options, _waiters) = (producer, track, chain, options, waiters);

    public LedgerPartition Partition => _track.Partition;

    /// <summary>Records of this boot's chain.</summary>
    public long Written
    {
        get
        {
            lock (_track.Gate)
            {
                return _chain.NextSeq;
            }
        }
    }

    private int Longest => Math.Min(_options.MaxRecordBytes, _producer.MaxBytes - KafkaTopics.Overhead);

    /// <param name="draft">The event.</param>
    /// <param name="own">The ledger's own events, few and small, go past the bounds.</param>
    /// <param name="cancellationToken">Ends the wait, not the append.</param>
    public ValueTask<Appended> AppendAsync(EventDraft draft, bool own, CancellationToken cancellationToken)
    {
        var room = _chain.MaxLength(draft.Tail.Length);
        if (room > Longest)
        {
            return new(new Appended(AppendStatus.TooLarge, Partition, 0));
        }

        if (!own && _producer.Failure is not null)
        {
            return new(new Appended(AppendStatus.Unavailable, Partition, 0));
        }

        var buffer = ArrayPool<byte>.Shared.Rent(room);
        try
        {
            lock (_track.Gate)
            {
                if (_closed)
                {
                    return new(new Appended(AppendStatus.Unavailable, Partition, 0));
                }

                if (!own && (_track.Count >= _options.MaxQueuedAppends || _track.Bytes + room > _options.MaxQueuedBytes))
                {
                    return new(new Appended(AppendStatus.Pushback, Partition, 0));
                }

                var waiter = PendingAppend.Empty(Partition);
                var task = waiter.Task;
                var before = _chain.Position;
                var length = _chain.Compose(buffer, draft.Tail.Span);
                _producer.Send(_track, new Queued(this, before, buffer.AsSpan(0, length).ToArray(), draft.Tail.Length, waiter));
                waiter.CancelWith(cancellationToken);
                return task;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Appends a sign of life, unless the one before is still under way: where the cluster is away for days they would pile up.</summary>
    public void Beat(Func<EventDraft> draft)
    {
        if (_beat.IsCompleted)
        {
            using var beat = draft();
            _beat = AppendAsync(beat, own: true, CancellationToken.None).AsTask();
        }
    }

    /// <summary>Takes no more; what was taken goes on.</summary>
    /// <param name="last">The chain's last event.</param>
    public ValueTask<Appended> CloseAsync(EventDraft last)
    {
        var appending = AppendAsync(last, own: true, CancellationToken.None);
        lock (_track.Gate)
        {
            _closed = true;
        }

        return appending;
    }

    /// <summary>
    /// Gives records that did not land their places anew when one of them is longer than the cluster takes by now: that one was never stored, and
    /// the others close the gap it would leave. Under the track's gate.
    /// </summary>
    public List<UnderWay> Refit(List<UnderWay> records)
    {
        var first = records.FindIndex(r => r.Bytes.Length > Longest);
        if (first < 0)
        {
            return records;
        }

        var kept = records[..first];
        _chain.ReturnTo(((Queued)records[first]).Before);
        foreach (var record in records[first..].Cast<Queued>())
        {
            if (record.Bytes.Length > Longest)
            {
                record.Refuse(AppendStatus.TooLarge);
            }
            else
            {
                record.Recompose(_chain);
                kept.Add(record);
            }
        }

        return kept;
    }

    private sealed class Queued(QuorumPartition owner, ChainPosition before, byte[] bytes, int tailLength, PendingAppend waiter)
        : UnderWay(owner.Partition, bytes, owner._chain.Chain, before.NextSeq)
    {
        public ChainPosition Before { get; private set; } = before;

        public override bool MayBeLeftOut => true;

        public override void Acknowledged(long offset) => owner._waiters.Tell(waiter, new(AppendStatus.Durable, Partition, offset));

        public void Refuse(AppendStatus status) => owner._waiters.Tell(waiter, new(status, Partition, 0));

        public void Recompose(ChainWriter chain)
        {
            Before = chain.Position;
            Seq = Before.NextSeq;
            var tail = Bytes.AsSpan(Bytes.Length - tailLength);
            var record = new byte[chain.MaxLength(tailLength)];
            Bytes = record[..chain.Compose(record, tail)];
        }
    }
}
