using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Confluent.Kafka;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// A place in one partition from which records are read on: a librdkafka consumer and the only thread that touches it. What was fetched ahead is used
/// when the next read begins where the last one ended. One request at a time. A client that does not come back is left to itself, and another takes its place (<see cref="ClientPulse"/>).
/// </summary>
[SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "The cursor's thread disposes what only it touches, when its requests have ended.")]
internal sealed class PartitionCursor : IAsyncDisposable
{
    private const int StackBytes = 256 * 1024;
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(100);

    private readonly LedgerPartition _partition;
    private readonly TopicPartition _place;
    private readonly KafkaClients _clients;
    private readonly TimeSpan _patience;
    private readonly ClientPulse _pulse;
    private readonly BlockingCollection<Action> _requests = new(boundedCapacity: 1);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IConsumer<Ignore, byte[]>? _made;
    private LedgerRecord? _peeked;
    private bool _assigned;
    private bool _atEnd;

    public PartitionCursor(LedgerPartition partition, TopicPartition place, KafkaClients clients, TimeSpan patience)
    {
        (_partition, _place, _clients, _patience, _pulse) = (partition, place, clients, patience, new(patience));
        new Thread(Run, StackBytes) { IsBackground = true, Name = $"kafka {partition}" }.Start();
    }

    // By the first request: what keeps it from being made is told to whoever asked.
    private IConsumer<Ignore, byte[]> Consumer => _made ??= _clients.Reader();

    /// <summary>Where the next record is read.</summary>
    public long Next { get; private set; } = -1;

    /// <summary>When the last record that was read landed.</summary>
    public DateTimeOffset Time { get; private set; }

    /// <summary>Timestamp of its last use.</summary>
    public long Used { get; set; }

    /// <summary>Whether its client did not come back. It is not to be asked again; if it does come back, it ends.</summary>
    public bool IsStuck { get; private set; }

    public Task<ReadBatch> ReadAsync(long from, int maxBytes) => AskAsync(() => Read(from, maxBytes));

    /// <summary>Ends when a record at or after <paramref name="from"/> is there; it is then the next that is read.</summary>
    /// <returns>What is broken there, when that is why it ended: a read would not meet it again. Else null.</returns>
    public Task<string?> WaitAsync(long from, CancellationToken cancellationToken) => AskAsync(() => Wait(from, cancellationToken));

    public Task<LedgerBounds> BoundsAsync() => AskAsync(Bounds);

    /// <summary>Ends when the consumer is gone. A process that ends earlier takes librdkafka's and OpenSSL's global state from under it.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Takes no more requests; it ends when the one in hand is done.</summary>
    public void Close() => _requests.CompleteAdding();

    public async ValueTask DisposeAsync()
    {
        Close();
        if (!IsStuck)
        {
            await Ended.EndsAsync(_clients.Telemetry).ConfigureAwait(false);
        }
    }

    private async Task<T> AskAsync<T>(Func<T> request)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _pulse.Sign();
        _requests.Add(() => Answer(answer, request));
        if (!await _pulse.WaitAsync(answer.Task, isElsewhere: null, CancellationToken.None).ConfigureAwait(false))
        {
            IsStuck = true;
            _clients.Telemetry.LogStuck($"{_partition}", _pulse.Longest);
            throw new IOException($"{_partition} cannot be read from Kafka: the client has not come back. Another takes its place.");
        }

        try
        {
            return await answer.Task.ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw new IOException($"{_partition} cannot be read from Kafka: {e.Error.Reason}", e);
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Every failure belongs to whoever asked.")]
    private static void Answer<T>(TaskCompletionSource<T> answer, Func<T> request)
    {
        try
        {
            answer.SetResult(request());
        }
        catch (Exception e)
        {
            answer.SetException(e);
        }
    }

    private void Run()
    {
        using (_requests)
        {
            foreach (var request in _requests.GetConsumingEnumerable())
            {
                request();
            }
        }

        _made?.Dispose();
        _ended.SetResult();
    }

    private ReadBatch Read(long from, int maxBytes)
    {
        GoTo(from);
        var records = new List<LedgerRecord>();
        var bytes = 0;
        var began = Stopwatch.GetTimestamp();
        while (records.Count == 0 || bytes < maxBytes)
        {
            if (TryTake(records.Count > 0 || _atEnd ? TimeSpan.Zero : Slice, out var record, out var damage))
            {
                records.Add(record);
                bytes += record.Bytes.Length;
            }
            else if (damage is not null)
            {
                return new(records, Next, damage);
            }
            else if (records.Count > 0)
            {
                break;
            }
            else if (_atEnd)
            {
                if (Bounds().End <= Next)
                {
                    return new([], Next, null);
                }

                _atEnd = false;
            }
            else if (Stopwatch.GetElapsedTime(began) > _patience)
            {
                throw new IOException(string.Create(CultureInfo.InvariantCulture, $"{_partition} cannot be read from Kafka: no answer for {_patience.TotalSeconds} s"));
            }
        }

        return new(records, Next, null);
    }

    private string? Wait(long from, CancellationToken cancellationToken)
    {
        try
        {
            GoTo(from);
            while (_peeked is null && !cancellationToken.IsCancellationRequested && !_requests.IsAddingCompleted)
            {
                if (TryTake(Slice, out var record, out var damage))
                {
                    (_peeked, Next) = (record, from);
                }
                else if (damage is not null)
                {
                    return damage;
                }
            }
        }
        catch (KafkaException)
        {
            // The next read says what it is; until then nobody is in a hurry.
            cancellationToken.WaitHandle.WaitOne(Slice);
        }

        return null;
    }

    private void GoTo(long from)
    {
        if (_assigned && Next == from)
        {
            return;
        }

        Consumer.Assign(new TopicPartitionOffset(_place, from));
        (_assigned, _peeked, _atEnd, Next) = (true, null, false, from);
    }

    private bool TryTake(TimeSpan wait, out LedgerRecord record, out string? damage)
    {
        _pulse.Sign();
        damage = null;
        record = _peeked.GetValueOrDefault();
        if (_peeked is not null)
        {
            _peeked = null;
            Next = record.Offset + 1;
            return true;
        }

        try
        {
            if (Consumer.Consume(wait) is not { } consumed)
            {
                return false;
            }

            if (consumed.IsPartitionEOF)
            {
                _atEnd = true;
                Next = Math.Max(Next, consumed.Offset.Value);
                return false;
            }

            _atEnd = false;
            Next = consumed.Offset.Value + 1;
            if (consumed.Message.Value is not { } bytes)
            {
                // No record of anybody's: only a mark to look behind (RecordProducer.SeeAllAsync).
                return false;
            }

            (record, Time) = (new(_partition, consumed.Offset.Value, bytes), DateTimeOffset.FromUnixTimeMilliseconds(consumed.Message.Timestamp.UnixTimestampMs));
            return true;
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange)
        {
            damage = OutOfRange();
        }
        catch (ConsumeException e) when (e.Error.Code is ErrorCode.Local_BadMsg or ErrorCode.Local_BadCompression)
        {
            _assigned = false;
            damage = string.Create(CultureInfo.InvariantCulture, $"{_partition} offset {Next}: {e.Error.Reason}");
        }

        return false;
    }

    /// <summary>What was dropped from the front is no damage: retention said so. An end that lies before what was read is, also where the log has grown past that since.</summary>
    private string? OutOfRange()
    {
        // Where nobody answers, the client has stopped there all the same: the next read begins there anew.
        _assigned = false;
        var bounds = Bounds();
        if (Next > bounds.End)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{_partition} ends at offset {bounds.End}; the records from there to {Next - 1} are gone from Kafka");
        }

        if (Next >= bounds.First)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{_partition} offset {Next} was out of range, and the log now ends at {bounds.End}: it had lost its end, and what stands there by now are other records than were there");
        }

        GoTo(bounds.First);
        return null;
    }

    private LedgerBounds Bounds()
    {
        _pulse.Sign();
        var watermarks = Consumer.QueryWatermarkOffsets(_place, _patience);
        return new(watermarks.Low.Value, watermarks.High.Value);
    }
}
