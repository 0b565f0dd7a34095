using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Stages.Detection;

/// <summary>All that detection can say, on the control log: findings, labels, stops and throttles. What stands there already is not said again.</summary>
internal sealed class DetectionVoice(ILedgerWriter writer, ILedgerReader reader, DetectionOptions options, TimeProvider time)
{
    /// <summary>Name by which the stage stops and releases.</summary>
    public const string Name = "detection";

    private const int ReadBytes = 1024 * 1024;
    private const int MaxKnown = 200_000;
    private readonly HashSet<EventId> _known = [];
    private readonly Queue<EventId> _order = new();
    private readonly HashSet<(string Session, string Label)> _labels = [];

    /// <summary>Learns what was said before, by reading the control log once from its beginning.</summary>
    public async Task LearnAsync(CancellationToken cancellationToken)
    {
        var from = (await reader.BoundsAsync(LedgerPartition.Control, cancellationToken).ConfigureAwait(false)).First;
        while (true)
        {
            var batch = await reader.ReadAsync(LedgerPartition.Control, from, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                if (EventReader.TryRead(record.Bytes.Span, out var read, out _))
                {
                    Learn(read!.Data);
                }
            }

            if (batch.Records.Count == 0)
            {
                return;
            }

            from = batch.Next;
        }
    }

    /// <summary>Whether a finding was said before.</summary>
    public bool Knows(EventId finding) => _known.Contains(finding);

    /// <summary>Whether a session has a label on the log.</summary>
    public bool Knows(SessionLabelled label) => _labels.Contains((label.Session, label.Label));

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

    private void Learn(EventData data)
    {
        switch (data)
        {
            case FindingRaised e when _known.Add(e.Finding):
                _order.Enqueue(e.Finding);
                break;
            case SessionLabelled e:
                if (_labels.Count >= MaxKnown)
                {
                    _labels.Clear();
                }

                _labels.Add((e.Session, e.Label));
                break;
            default:
                break;
        }

        if (_order.Count > MaxKnown)
        {
            _known.Remove(_order.Dequeue());
        }
    }
}
