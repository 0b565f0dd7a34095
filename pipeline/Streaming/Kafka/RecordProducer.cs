using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Confluent.Kafka;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Sends records to the cluster, each exactly once and in order within its partition. The producer is idempotent and never gives a record up; should it
/// fail for good, it is replaced: what of the records under way landed is read back, and the rest is sent again.
/// </summary>
[SuppressMessage("Usage", "CA2213:Disposable fields should be disposed", Justification = "CloseAsync disposes the producer: it may wait for its own threads.")]
internal sealed class RecordProducer : IAsyncDisposable
{
    // A request of the producer that was replaced may still lie in a broker's socket: it is given this long to be taken.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    private readonly KafkaLedgerOptions _options;
    private readonly KafkaClients _clients;
    private readonly LandedRecords _landed;
    private readonly KafkaTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly TopicNames _topics;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _replacing = new();
    private readonly Dictionary<LedgerPartition, Task> _marks = [];
    private readonly ITimer _watch;
    private IProducer<Null, byte[]> _producer;
    private Task _repairing = Task.CompletedTask;
    private volatile PartitionTrack[] _tracks = [];
    private volatile int _generation = 1;
    private int _broken;
    private int _asking;
    private volatile bool _down;
    private volatile string? _failure;

    /// <param name="options">The ledger's.</param>
    /// <param name="clients">Makes producers.</param>
    /// <param name="landed">Looks for records in the cluster.</param>
    /// <param name="maxBytes">Longest batch that the topics take.</param>
    /// <param name="telemetry">Where it is told.</param>
    /// <param name="time">The clock.</param>
    public RecordProducer(KafkaLedgerOptions options, KafkaClients clients, LandedRecords landed, int maxBytes, KafkaTelemetry telemetry, TimeProvider time)
    {
        (_options, _clients, _landed, MaxBytes, _telemetry, _time, _topics) = (options, clients, landed, maxBytes, telemetry, time, new(options.TopicPrefix));
        _producer = Make();
        var every = options.StallAfter / 4;
        _watch = time.CreateTimer(static producer => ((RecordProducer)producer!).Watch(), this, every, every);
    }

    /// <summary>Longest batch that the topics take.</summary>
    public int MaxBytes { get; private set; }

    /// <summary>Why nothing should be handed over now; null while all is well.</summary>
    public string? Failure => _failure;

    /// <summary>The partitions that records were sent to.</summary>
    public IReadOnlyList<PartitionTrack> Tracks => _tracks;

    /// <summary>Records under way.</summary>
    public int Count => _tracks.Sum(static t => t.Count);

    /// <summary>Asks the topics anew how long a record may be, after one was refused for its length; null where they cannot be asked.</summary>
    public Func<CancellationToken, Task<int>>? AskMaxBytes { get; set; }

    /// <summary>Decides which records that did not land are sent again, when one may have become too long; called under the track's gate. Null sends all.</summary>
    public Func<PartitionTrack, List<UnderWay>, List<UnderWay>>? Refit { get; set; }

    /// <summary>A partition is about to be sent to.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="from">Offset that no record to come lies before.</param>
    public PartitionTrack Begin(LedgerPartition partition, long from)
    {
        lock (_replacing)
        {
            // While the producer is replaced records are only kept, and go out with those of the others.
            var track = new PartitionTrack(partition) { Generation = _generation, Flows = Volatile.Read(ref _broken) == 0, LastOffset = from - 1 };
            _tracks = [.. _tracks, track];
            return track;
        }
    }

    /// <summary>The topics were seen to take batches of this length. Where that is more than they did, the producer is replaced by one that sends them: what it refused to send was refused in their name.</summary>
    public void TakeUp(int maxBytes)
    {
        if (maxBytes > MaxBytes)
        {
            Break(_generation, new(ErrorCode.MsgSizeTooLarge, $"the topics take batches of {maxBytes} bytes again, and it was made for {MaxBytes}"));
        }
    }

    /// <summary>Hands a record over. The caller holds the track's gate.</summary>
    public void Send(PartitionTrack track, UnderWay record)
    {
        record.Since = _time.GetTimestamp();
        track.Add(record);
        if (track.Flows)
        {
            Produce(track, record);
        }
    }

    /// <summary>
    /// Has a record that says nothing, and that readers pass over, acknowledged behind everything that a partition holds. A reader sees no further than all in-sync replicas have come: what one that hangs keeps
    /// back was stored nevertheless, and whoever looks for it behind this record finds it.
    /// </summary>
    /// <exception cref="IOException">The cluster does not take it now.</exception>
    public async Task SeeAllAsync(LedgerPartition partition, CancellationToken cancellationToken)
    {
        Task mark;
        lock (_replacing)
        {
            if (Volatile.Read(ref _broken) == 1)
            {
                throw new IOException(_failure ?? "the producer is being replaced");
            }

            // One that still waits from an earlier try will stand behind all that is there now: where replicas are away for long they would pile up.
            mark = _marks.GetValueOrDefault(partition) is { IsCompleted: false } waiting ? waiting : _marks[partition] = _producer.ProduceAsync(_topics.Of(partition), new() { Value = null! }, CancellationToken.None);
        }

        try
        {
            await mark.WaitAsync(_options.AnswerTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            throw new IOException($"{partition} takes no record now: {(e is KafkaException failed ? failed.Error.Reason : "the in-sync replicas did not answer")}", e);
        }
    }

    /// <summary>Waits until nothing is under way, or <paramref name="longest"/> has passed.</summary>
    /// <returns>Whether nothing is.</returns>
    public async Task<bool> DrainAsync(TimeSpan longest)
    {
        var began = _time.GetTimestamp();
        while (Count > 0 && _time.GetElapsedTime(began) < longest)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), _time).ConfigureAwait(false);
        }

        return Count == 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _watch.DisposeAsync().ConfigureAwait(false);
        await _repairing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _producer.CloseAsync(_telemetry).ConfigureAwait(false);
        _closing.Dispose();
    }

    private IProducer<Null, byte[]> Make() => _clients.Producer(MaxBytes, Failed);

    private void Produce(PartitionTrack track, UnderWay record)
    {
        var generation = track.Generation;
        try
        {
            _producer.Produce(_topics.Of(record.Partition), new() { Value = record.Bytes, Headers = RecordHeaders.Of(record.Bytes) }, report =>
            {
                if (report.Error.IsError)
                {
                    Break(generation, report.Error);
                }
                else
                {
                    Land(track, generation, record, report.Offset.Value);
                }
            });
        }
        catch (KafkaException e)
        {
            track.Flows = false;
            Break(generation, e.Error);
        }
    }

    private void Land(PartitionTrack track, int generation, UnderWay record, long offset)
    {
        lock (track.Gate)
        {
            if (track.Generation != generation)
            {
                return;
            }

            if (!ReferenceEquals(track.Oldest, record))
            {
                // Reports of one partition come in its order; should they not, what landed is read back instead of believed.
                Break(generation, new(ErrorCode.Local_Inconsistent, "records were acknowledged out of their order"));
                return;
            }

            track.Acknowledge(offset);
        }

        _down = false;
        _telemetry.Acknowledged(record.Partition, record.Bytes.Length, _time.GetElapsedTime(record.Since));
        record.Acknowledged(offset);
    }

    private void Failed(Error error)
    {
        _telemetry.Trouble(error);
        if (error.IsFatal)
        {
            Break(_generation, error);
        }
        else if (error.Code == ErrorCode.Local_AllBrokersDown)
        {
            _down = true;
        }
    }

    private void Break(int generation, Error error)
    {
        if (generation == _generation && !_closing.IsCancellationRequested && Interlocked.Exchange(ref _broken, 1) == 0)
        {
            _failure = $"the producer failed: {error.Reason}";
            _telemetry.Repairs(error.Reason);
            _repairing = Task.Run(() => RepairAsync(error.Code == ErrorCode.MsgSizeTooLarge));
        }
    }

    /// <summary>Looks whether the cluster still answers: what waits too long, or brokers that are all gone, close the door to new records.</summary>
    private void Watch()
    {
        if (_broken == 1)
        {
            return;
        }

        var waits = TimeSpan.Zero;
        foreach (var track in _tracks)
        {
            lock (track.Gate)
            {
                waits = track.Oldest is { } oldest && _time.GetElapsedTime(oldest.Since) is var age && age > waits ? age : waits;
            }
        }

        var before = _failure;
        _failure = waits >= _options.StallAfter ? $"the cluster has not acknowledged a record for {waits.TotalSeconds:F0} s"
            : _down ? "no broker can be reached"
            : null;
        if (_failure is not null && before is null)
        {
            _telemetry.LogRefuses(_failure);
        }
        else if (_failure is null && before is not null)
        {
            _telemetry.LogTakes();
        }

        if (_down && Interlocked.Exchange(ref _asking, 1) == 0)
        {
            _ = Task.Run(AskWhetherBack);
        }
    }

    private void AskWhetherBack()
    {
        try
        {
            using var admin = _clients.Admin();
            _down = admin.GetMetadata(_topics.Control, _options.AnswerTimeout).Brokers.Count == 0;
        }
        catch (KafkaException)
        {
            // Still gone: the watch asks again.
        }
        finally
        {
            Volatile.Write(ref _asking, 0);
        }
    }

    private async Task RepairAsync(bool tooLong)
    {
        IProducer<Null, byte[]> failed;
        PartitionTrack[] tracks = [];
        int generation;
        lock (_replacing)
        {
            foreach (var track in _tracks)
            {
                lock (track.Gate)
                {
                    track.Flows = false;
                    track.Generation = _generation + 1;
                }
            }

            (failed, generation) = (_producer, ++_generation);
            _marks.Clear();
        }

        await failed.CloseAsync(_telemetry).ConfigureAwait(false);
        await RepeatAsync(generation, async closing =>
        {
            await Task.Delay(Settling, _time, closing).ConfigureAwait(false);
            if (tooLong && AskMaxBytes is not null)
            {
                MaxBytes = await AskMaxBytes(closing).ConfigureAwait(false);
                RefuseTooLong();
            }

            lock (_replacing)
            {
                _producer = Make();
                tracks = _tracks;
                Volatile.Write(ref _broken, 0);
            }
        }).ConfigureAwait(false);

        // Each by itself: a partition whose replicas are away holds up no other.
        await Task.WhenAll(tracks.Select(track => RepeatAsync(generation, closing => ResumeAsync(track, generation, closing)))).ConfigureAwait(false);
    }

    /// <summary>Tries a step of a repair until it is done, the producer is closed, or another repair has begun: that one takes all tracks too.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of the repair: whatever stands in its way is tried again, because what is under way may not be given up.")]
    private async Task RepeatAsync(int generation, Func<CancellationToken, Task> step)
    {
        var closing = _closing.Token;
        for (var failures = 0; ; failures++)
        {
            try
            {
                await step(closing).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                if (generation != _generation)
                {
                    return;
                }

                _telemetry.LogNotRepaired(e.Message);
                await Task.Delay(_options.RetryDelay(failures), _time, closing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ResumeAsync(PartitionTrack track, int generation, CancellationToken closing)
    {
        var waiting = Copy(track);
        IReadOnlyDictionary<(string, long), long> found = new Dictionary<(string, long), long>();
        if (waiting.Count > 0)
        {
            await SeeAllAsync(track.Partition, closing).ConfigureAwait(false);
            found = await _landed.FindAsync(track.Partition, track.LastOffset + 1, waiting, closing).ConfigureAwait(false);
        }

        Resume(track, generation, found);
    }

    private void Resume(PartitionTrack track, int generation, IReadOnlyDictionary<(string, long), long> found)
    {
        List<(UnderWay Record, long Offset)> done = [];
        int again;
        lock (track.Gate)
        {
            if (track.Generation != generation || Volatile.Read(ref _broken) == 1)
            {
                // What was just made failed: the repair that began then takes this track too.
                return;
            }

            while (track.Oldest is { } oldest && found.TryGetValue((oldest.Chain, oldest.Seq), out var offset))
            {
                done.Add((track.Acknowledge(offset), offset));
            }

            again = SendAgain(track);
        }

        foreach (var (record, offset) in done)
        {
            record.Acknowledged(offset);
        }

        _telemetry.LogRepaired(done.Count, again);
    }

    /// <summary>
    /// A record that is longer than the topics now take and that nobody may leave out holds everything up: the order of a log cannot go around it. Better said than tried again and again.
    /// </summary>
    private void RefuseTooLong()
    {
        foreach (var track in _tracks)
        {
            lock (track.Gate)
            {
                if (track.Records.FirstOrDefault(r => !r.MayBeLeftOut && r.Bytes.Length + KafkaTopics.Overhead > MaxBytes) is { } longest)
                {
                    _failure = string.Create(CultureInfo.InvariantCulture, $"a record of {longest.Bytes.Length} bytes waits for {track.Partition}, and its topic takes {MaxBytes}. Fix: set the topic's max.message.bytes back to what it was");
                    throw new IOException(_failure);
                }
            }
        }
    }

    private static List<UnderWay> Copy(PartitionTrack track)
    {
        lock (track.Gate)
        {
            return [.. track.Records];
        }
    }

    private int SendAgain(PartitionTrack track)
    {
        var rest = track.TakeAll();
        track.Flows = true;
        var kept = Refit is { } refit ? refit(track, rest) : rest;
        foreach (var record in kept)
        {
            track.Add(record);
            record.Since = _time.GetTimestamp();
            if (track.Flows)
            {
                Produce(track, record);
            }
        }

        return kept.Count;
    }
}
