using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Kafka;

/// <summary>What a writing process has of the cluster: its topics, verified, the producer, and the partitions whose appends wait for the in-sync replicas.</summary>
internal sealed class ClusterSide(KafkaLedgerOptions options, KafkaLedgerReader reader, KafkaTelemetry telemetry, TimeProvider time) : IAsyncDisposable
{
    private readonly KafkaClients _clients = new(options, telemetry);
    private readonly AcknowledgedWaiters _waiters = new();
    private volatile IReadOnlyList<QuorumPartition> _partitions = [];
    private volatile IReadOnlyList<TopicDrift> _drifts = [];
    private RecordProducer? _producer;
    private QuorumPartition? _control;
    private Task<Appended>? _announced;

    /// <summary>Looks for records of this instance.</summary>
    public LandedRecords Landed { get; } = new(reader, telemetry);

    public IReadOnlyList<QuorumPartition> Partitions => _partitions;

    /// <summary>What of the topics is not as it should be.</summary>
    public IReadOnlyList<TopicDrift> Drifts => _drifts;

    /// <summary>Id of the topic of calls, as last seen; null where topics are not asked about.</summary>
    public EventId? Calls { get; private set; }

    /// <summary>Where the control log ended when this boot began its chain there; what was there before it was looked at.</summary>
    public long ControlBegan { get; private set; }

    /// <summary>The producer; null until the topics were seen.</summary>
    public RecordProducer? Producer => _producer;

    private KafkaTopics Topics => new(options, _clients, telemetry);

    /// <summary>Makes and verifies the topics.</summary>
    /// <exception cref="IOException">The cluster does not answer.</exception>
    public async Task<TopicsSeen> SeeAsync(CancellationToken cancellationToken)
    {
        var seen = await Topics.EnsureAsync(cancellationToken).ConfigureAwait(false);
        _drifts = seen.Drifts;
        _producer ??= new(options, _clients, Landed, seen.MaxBytes, telemetry, time)
        {
            AskMaxBytes = async token => (await Topics.EnsureAsync(token).ConfigureAwait(false)).MaxBytes,
            Refit = (track, rest) => (Find(track.Partition) ?? (track.Partition == LedgerPartition.Control ? _control : null))?.Refit(rest) ?? rest,
        };
        _producer.TakeUp(seen.MaxBytes);
        return seen;
    }

    /// <summary>Makes and verifies the topics of a ledger that is known already.</summary>
    /// <returns>Why this process may neither write to them nor read them: they are of another ledger; null when it may.</returns>
    /// <exception cref="IOException">The cluster does not answer.</exception>
    public async Task<string?> SeeAsync(LedgerIdentity known, CancellationToken cancellationToken)
    {
        var seen = await SeeAsync(cancellationToken).ConfigureAwait(false);
        Calls = seen.Calls;
        var other = seen.Ledger != known.Ledger
            ? $"the topics {options.TopicPrefix}* are those of ledger {seen.Ledger}, and the data folder belongs to ledger {known.Ledger}. Nothing is sent. Fix: give this process another folder or another topic prefix"
            : seen.Calls is { } calls && known.Calls is { } before && calls != before
            ? $"the topic {options.TopicPrefix}calls was made anew: it was {before}, and {calls} stands under its name. What was in it is gone, and its offsets are those of other records by now. Nothing is sent and nothing read. Fix: begin another ledger (another topic prefix, empty data folders and stores)"
            : null;
        if (other is not null)
        {
            reader.Refuse(other);
        }

        return other;
    }

    /// <summary>Begins this boot's chain of a partition behind the last record that the instance wrote there.</summary>
    /// <param name="place">The partition.</param>
    /// <param name="boot">The boot.</param>
    /// <param name="started">The chain's first event.</param>
    /// <param name="cancellationToken">Ends the look.</param>
    /// <returns>Why this boot may not write there; null when it does.</returns>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<string?> BeginAsync(LedgerPartition place, KafkaBoot boot, EventDraft started, CancellationToken cancellationToken)
    {
        var identity = boot.Identity;
        if (Find(place) is not null || (place == LedgerPartition.Control && _control is not null))
        {
            return null;
        }

        var bounds = await reader.BoundsAsync(place, cancellationToken).ConfigureAwait(false);
        var known = boot.Landed.Of(place, identity.Instance);

        // Every boot says on the control log that it began, so that log alone is looked at by one that thinks it is the first, from where it was looked at before.
        LandedRecord? last = null;
        if (place == LedgerPartition.Control || (!boot.IsFirst && identity.Epoch > 1))
        {
            await _producer!.SeeAllAsync(place, cancellationToken).ConfigureAwait(false);
            var from = boot.Landed.OffsetOf(place, identity.Instance) ?? (boot.IsFirst ? Math.Min(boot.ControlSeen, bounds.End) : bounds.First);
            last = await Landed.LastOfAsync(place, identity.Instance, from, cancellationToken).ConfigureAwait(false);
        }

        if (last?.Epoch >= identity.Epoch)
        {
            return BehindOf(place, last, identity);
        }

        var previous = last?.Sha256 ?? (Digest.TryParse(known?.Sha256, out var kept) ? kept : Digest.Zero);
        var partition = new QuorumPartition(_producer!, _producer!.Begin(place, bounds.End), new(identity.ChainOf(place), previous), options, _waiters);
        var announced = partition.AppendAsync(started, own: true, CancellationToken.None).AsTask();
        if (place == LedgerPartition.Control)
        {
            (ControlBegan, _control, _announced) = (bounds.End, partition, announced);
        }
        else
        {
            _partitions = [.. _partitions, partition];
        }

        return null;
    }

    /// <summary>
    /// Waits until this boot's chain stands on the control log, and looks who of its name began one there meanwhile: processes that begin at once have not seen one another, and the first is the one that may write.
    /// Until then nobody else's events are taken for the control log.
    /// </summary>
    /// <returns>Why this boot may not write; null when it may.</returns>
    /// <exception cref="IOException">The cluster has not taken the chain's first event yet, or cannot be read.</exception>
    public async Task<string?> ConfirmAsync(LedgerIdentity identity, CancellationToken cancellationToken)
    {
        Appended began;
        try
        {
            began = await _announced!.WaitAsync(options.AnswerTimeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new IOException($"the control log has not taken the word that this boot began: {_producer!.Failure ?? "the cluster gave no reason"}");
        }

        if (!began.IsDurable)
        {
            throw new IOException($"the control log does not take the word that this boot began ({began.Status}). Fix: raise max.message.bytes of {options.TopicPrefix}control, and start this process again");
        }

        var first = await Landed.FirstSinceAsync(LedgerPartition.Control, identity.Instance, identity.Epoch, ControlBegan, began.Offset, cancellationToken).ConfigureAwait(false);
        if (first is not null)
        {
            return BehindOf(LedgerPartition.Control, first, identity, began.Offset);
        }

        _partitions = Find(LedgerPartition.Control) is null ? [.. _partitions, _control!] : _partitions;
        return null;
    }

    /// <summary>Looks on the control log, where every boot says that it began and is alive, for a later one of this instance.</summary>
    /// <returns>Why this boot may not write any more, null when it may; and where the next look begins.</returns>
    /// <exception cref="IOException">The cluster cannot be read.</exception>
    public async Task<(string? Behind, long Next)> LookForLaterBootAsync(LedgerIdentity identity, long from, CancellationToken cancellationToken)
    {
        var end = (await reader.BoundsAsync(LedgerPartition.Control, cancellationToken).ConfigureAwait(false)).End;
        var later = from < end ? await Landed.FirstSinceAsync(LedgerPartition.Control, identity.Instance, identity.Epoch + 1, from, end, cancellationToken).ConfigureAwait(false) : null;
        return (later is null ? null : BehindOf(LedgerPartition.Control, later, identity), end);
    }

    /// <summary>Says that a boot is not the last of its instance, or not the only one.</summary>
    /// <param name="place">Where it shows.</param>
    /// <param name="last">By which record.</param>
    /// <param name="identity">The boot.</param>
    /// <param name="began">Offset at which it said on the control log that it began; null where it did not.</param>
    public static string BehindOf(LedgerPartition place, LandedRecord last, LedgerIdentity identity, long? began = null) => string.Create(
        CultureInfo.InvariantCulture,
        $"{place} holds seq {last.Seq} of chain {last.Chain} at offset {last.Offset}, and this boot is {identity.Instance}/{identity.Epoch}: the data folder was restored from an older copy, or another process writes as this instance. {(began is { } at ? $"Of this boot nothing is sent but that it began, at offset {at}" : "Nothing of this boot is sent")}. Fix: give every process a name of its own, and start this one again: it then begins behind that boot");

    public QuorumPartition? Find(LedgerPartition place)
    {
        foreach (var partition in _partitions)
        {
            if (partition.Partition == place)
            {
                return partition;
            }
        }

        return null;
    }

    /// <summary>Removes everything before an offset, for good.</summary>
    /// <exception cref="IOException">The cluster refuses.</exception>
    public Task DropBeforeAsync(LedgerPartition partition, long offset) => Topics.DropBeforeAsync(partition, offset);

    /// <summary>Removes the pieces of blobs that landed before a moment, for good.</summary>
    /// <exception cref="IOException">The cluster refuses.</exception>
    public Task DropBlobsBeforeAsync(DateTimeOffset moment) => Topics.DropBlobsBeforeAsync(moment);

    public async ValueTask DisposeAsync()
    {
        if (_producer is not null)
        {
            await _producer.DisposeAsync().ConfigureAwait(false);
        }
    }
}
