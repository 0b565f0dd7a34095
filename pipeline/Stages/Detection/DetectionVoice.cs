using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Stages.Detection;

/// <summary>All that detection can say, on the control log: findings, labels, stops and throttles. What stands there already is not said again.</summary>
internal sealed class DetectionVoice(ILedgerWriter writer, ILedgerReader reader, DetectionOptions options, TimeProvider time, LedgerPartition? of = null)
{
    /// <summary>Name by which the stage stops and releases.</summary>
    public const string Name = "detection";

    private const int ReadBytes = 1024 * 1024;
    private const int MaxKnown = 200_000;
    private readonly HashSet<(EventId Finding, bool IsStop)> _known = [];
    private readonly Queue<(EventId Finding, bool IsStop)> _order = new();
    private readonly Dictionary<(string Session, string Label), DateTimeOffset> _labels = [];
    private long _next;

    /// <summary>The newest moment of which detection itself found something in this partition; null where it never did.</summary>
    public DateTimeOffset? LastFound { get; private set; }

    /// <summary>Learns what was said before or by others, by reading the control log from where it was read last.</summary>
    /// <exception cref="IOException">The control log is damaged: what was said behind that is not known.</exception>
    public async Task LearnAsync(CancellationToken cancellationToken)
    {
        _next = Math.Max(_next, (await reader.BoundsAsync(LedgerPartition.Control, cancellationToken).ConfigureAwait(false)).First);
        while (true)
        {
            var batch = await reader.ReadAsync(LedgerPartition.Control, _next, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                if (EventReader.TryRead(record.Bytes.Span, out var read, out _))
                {
                    Learn(read!.Data);
                }
            }

            var before = _next;
            _next = batch.Next;
            LogScan.Whole(batch, LedgerPartition.Control, reader);
            if (batch.Records.Count == 0 && _next <= before)
            {
                return;
            }
        }
    }

    /// <summary>Whether a finding was said before.</summary>
    public bool Knows(EventId finding) => _known.Contains((finding, false));

    /// <summary>Whether somebody was stopped or slowed down for a finding before.</summary>
    public bool KnowsStop(EventId finding) => _known.Contains((finding, true));

    /// <summary>Whether a label is to be said, which is then taken for said: a session has none on the log, or one that lapses a good deal sooner.</summary>
    public bool TryClaim(SessionLabelled label)
    {
        var until = label.Until ?? DateTimeOffset.MaxValue;
        var isNew = !_labels.TryGetValue((label.Session, label.Label), out var known) || until - known >= options.Limits.Rest / 2;
        if (isNew)
        {
            Learn(label);
        }

        return isNew;
    }

    /// <summary>Says something, durably.</summary>
    /// <exception cref="IOException">The control log takes nothing now.</exception>
    public async Task SayAsync(string subject, EventData data, CancellationToken cancellationToken)
    {
        using var draft = EventDraft.Write(EventId.New(time), options.Source, time.GetUtcNow(), subject, LedgerLog.Control, null, data);
        var appended = await writer.AppendAsync(draft, cancellationToken).ConfigureAwait(false);
        if (!appended.IsDurable)
        {
            throw new IOException($"The control log takes no event now: {appended.Status}.");
        }

        Learn(data);
    }

    // How far another partition was watched says nothing of this one. What decides a call's partition is its session.
    private bool IsOurs(string? session) => of is not { } ours || PartitionChoice.Of(LedgerLog.Calls, session, reader.Partitions.Count(static p => p.Log == LedgerLog.Calls)) == ours;

    private void Learn(EventData data)
    {
        switch (data)
        {
            case FindingRaised e:
                LastFound = e.Late && IsOurs(e.Session) && (LastFound is not { } last || e.Finding.Moment > last) ? e.Finding.Moment : LastFound;
                Learn((e.Finding, false));
                break;
            case PrincipalStopped { Finding: { } finding }:
                Learn((finding, true));
                break;
            case SessionLabelled e:
                Learn(e);
                break;
            default:
                break;
        }
    }

    private void Learn(SessionLabelled label)
    {
        if (_labels.Count >= MaxKnown)
        {
            _labels.Clear();
        }

        var (key, until) = ((label.Session, label.Label), label.Until ?? DateTimeOffset.MaxValue);
        _labels[key] = _labels.TryGetValue(key, out var known) && known > until ? known : until;
    }

    private void Learn((EventId Finding, bool IsStop) said)
    {
        if (_known.Add(said))
        {
            _order.Enqueue(said);
        }

        if (_order.Count > MaxKnown)
        {
            _known.Remove(_order.Dequeue());
        }
    }
}
