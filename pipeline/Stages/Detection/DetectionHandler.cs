using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Stages.Detection;

/// <summary>
/// Watches one partition of calls. What is found is on the control log before the position moves; after a crash between the two it is found again under the same id, and not said again.
/// </summary>
internal sealed class DetectionHandler(
    LedgerPartition partition, CallWatch watch, DetectionVoice voice, ILedgerReader reader, IBlobStore blobs, YieldingScheduler watching, DetectionOptions options, DetectionTelemetry telemetry, TimeProvider time)
    : IRecordHandler
{
    private const long MaxBlob = 4 * 1024 * 1024;
    private const long MaxHeld = 4 * 1024 * 1024;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(50);

    // Clocks that are kept right differ by less.
    private static readonly TimeSpan MostAhead = TimeSpan.FromSeconds(10);
    private readonly PositionFile _position = new(Path.Combine(options.Folder, "detection", $"{partition}.position"));
    private readonly FindingQuota _quota = new(options, time);
    private readonly Queue<(string Subject, EventData Data)> _unsaid = new();
    private readonly List<Awaited> _awaited = [];
    private long _taken = -1;
    private long _from;
    private DateTimeOffset _raisedFrom;

    public async ValueTask<long> PositionAsync(LedgerPartition of, CancellationToken cancellationToken)
    {
        _from = _position.Load();
        await voice.LearnAsync(cancellationToken).ConfigureAwait(false);
        _raisedFrom = _from == 0 && voice.LastFound is { } last ? Earlier(last, time.GetUtcNow() - options.EffectAge) : DateTimeOffset.MinValue;
        if (_raisedFrom > DateTimeOffset.MinValue)
        {
            telemetry.LogTakenOver(partition, _raisedFrom);
        }

        // Sessions that are under way are known again from what they did before; nothing is found in that a second time. What a log has lost is named by whoever reads there.
        var bounds = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        return _from > bounds.End ? _from : Math.Max(bounds.First, _from - options.WarmUp);
    }

    public async ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken)
    {
        string? unreadable = null;
        List<Unwatched> unwatched = [];
        var bytes = 0L;
        var isReplayed = batch.Next is null;
        foreach (var record in batch.Records)
        {
            // A batch that comes again because the log took no finding was watched already.
            if (!isReplayed && record.Offset <= _taken)
            {
                continue;
            }

            if (EventReader.TryRead(record.Bytes.Span, out var read, out var fault))
            {
                var content = await ContentAsync(CallWatch.ContentOf(read!.Data), cancellationToken).ConfigureAwait(false);
                var released = await ContentAsync(CallWatch.ReleasedOf(read.Data), cancellationToken).ConfigureAwait(false);
                unwatched.Add(new(record.Offset, read, content, released));
                bytes += content.Length + released.Length;
                if (bytes > MaxHeld)
                {
                    await WatchAsync(unwatched, isReplayed, cancellationToken).ConfigureAwait(false);
                    bytes = 0;
                }
            }
            else if (batch.Records.Count == 1)
            {
                unreadable = fault;
            }
            else
            {
                throw new InvalidDataException(fault);
            }
        }

        await WatchAsync(unwatched, isReplayed, cancellationToken).ConfigureAwait(false);
        await SayAsync(cancellationToken).ConfigureAwait(false);
        await AwaitGatewayAsync(batch.Next, cancellationToken).ConfigureAwait(false);

        // It is parked before the position moves past it.
        if (unreadable is not null)
        {
            throw new InvalidDataException(unreadable);
        }

        // What is awaited is known here alone: whoever goes on from the position finds it again.
        if (batch.Next is { } next && _awaited.Aggregate(next, static (least, each) => Math.Min(least, each.Offset)) is var position && position > _from)
        {
            _position.Save(position);
        }
    }

    private async Task SayAsync(CancellationToken cancellationToken)
    {
        while (_unsaid.TryPeek(out var next))
        {
            await voice.SayAsync(next.Subject, next.Data, cancellationToken).ConfigureAwait(false);
            telemetry.Said(next.Data);
            _unsaid.Dequeue();
        }
    }

    // What the gateway found while a call waited it says itself, a moment before or after the call's event. What is not said by then it could not say, and it is said here. Records that come meanwhile
    // are kept waiting by nothing of that: what follows from them may be a stop.
    private async Task AwaitGatewayAsync(long? next, CancellationToken cancellationToken)
    {
        if (_awaited.Count == 0)
        {
            return;
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var more = next is { } from ? MoreAsync(from, over.Token) : Task.Delay(Timeout.InfiniteTimeSpan, time, over.Token);
        try
        {
            while (true)
            {
                await voice.LearnAsync(cancellationToken).ConfigureAwait(false);
                Settle();
                await SayAsync(cancellationToken).ConfigureAwait(false);
                if (_awaited.Count == 0 || more.IsCompleted)
                {
                    return;
                }

                await Task.WhenAny(more, Task.Delay(LookAgain, time, over.Token)).ConfigureAwait(false);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await more.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // Once what is awaited is let go of, nobody says it before the next record comes: a wait that was broken off is no reason to.
    private async Task MoreAsync(long from, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await reader.WaitAsync(partition, from, cancellationToken).ConfigureAwait(false);
                if ((await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false)).End > from)
                {
                    return;
                }
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                // The ledger cannot be asked now, and the consumer says so when this is over.
            }

            await Task.Delay(LookAgain, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private void Settle()
    {
        _awaited.RemoveAll(each => voice.Knows(each.Thing.Finding!.Finding));
        var now = time.GetTimestamp();
        var unsaid = _awaited.FindAll(IsOver);
        _awaited.RemoveAll(IsOver);
        foreach (var each in unsaid)
        {
            Queue(each.Thing with { IsRaised = false }, each.Thing.Finding!, each.Offset);
        }

        bool IsOver(Awaited each) => time.GetElapsedTime(each.Since, now) >= each.Grace;
    }

    // Scoring costs more than the record: it gives way to those who answer calls.
    private async Task WatchAsync(List<Unwatched> events, bool isReplayed, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
        {
            return;
        }

        await watching.RunAsync(
            () =>
            {
                foreach (var (offset, read, content, released) in events)
                {
                    // What a clock that is ahead said would lie before everything that comes once it is right again.
                    var found = watch.Take(read, Earlier(read.Header.Time, time.GetUtcNow() + MostAhead), content, released);
                    if (isReplayed || offset >= _from)
                    {
                        Queue(found, offset, isReplayed);
                    }

                    _taken = Math.Max(_taken, offset);
                }

                return Task.FromResult(events.Count);
            },
            cancellationToken).ConfigureAwait(false);
        events.Clear();
    }

    private void Queue(IReadOnlyList<FoundThing> found, long offset, bool isReplayed)
    {
        foreach (var thing in found)
        {
            if (thing.Label is { } label)
            {
                if (voice.TryClaim(label))
                {
                    _unsaid.Enqueue((label.Session, label));
                }
            }
            else if (thing.Finding is { } finding && (isReplayed || finding.Finding.Moment > _raisedFrom))
            {
                Queue(thing, finding, offset);
            }
        }
    }

    private void Queue(FoundThing thing, FindingRaised finding, long offset)
    {
        var (subject, held) = (thing.Subject, options.Policy.Of(finding.Detector));
        var age = time.GetUtcNow() - thing.At;
        var acts = held.Action != DetectionAction.None && finding.Severity >= held.ActFrom && age < options.EffectAge;
        var isSaid = voice.Knows(finding.Finding);
        if (!isSaid && !acts && thing.IsRaised)
        {
            _awaited.Add(new(thing, offset, time.GetTimestamp(), age < TimeSpan.Zero ? options.GatewayGrace : options.GatewayGrace - age));
            return;
        }

        // Who is to be stopped is not let go because of how many findings there were before.
        if (!isSaid && !acts && finding.Severity != Severity.Critical && !_quota.TryTake(subject.Who.Principal, finding.Severity, thing.At))
        {
            telemetry.Suppressed(subject.Who.Principal);
            return;
        }

        if (!isSaid)
        {
            _unsaid.Enqueue((subject.Session, EventOf(thing, finding, acts ? held.Action : DetectionAction.None)));
        }

        // A finding that stands on the log without its stop was said by the gateway, or right before a crash.
        if (acts && !voice.KnowsStop(finding.Finding))
        {
            _unsaid.Enqueue((subject.Who.Principal, new PrincipalStopped
            {
                Principal = subject.Who.Principal,
                Session = held.HoldsPrincipal ? null : subject.Session,
                Until = time.GetUtcNow() + held.For,
                PerMinute = held.Action == DetectionAction.Throttle ? held.PerMinute : null,
                Reason = finding.Explanation,
                Finding = finding.Finding,
                By = DetectionVoice.Name,
            }));
        }
    }

    private FindingRaised EventOf(FoundThing thing, FindingRaised finding, DetectionAction action)
    {
        var subject = thing.Subject;
        var isLabelled = finding.Detector == FindingDetectors.Injection && thing.IsRead && options.Policy.Labels.Contains(SessionLabels.Flagged, StringComparer.Ordinal);
        return finding with
        {
            Call = subject.IsCall ? subject.Call : null,
            Session = subject.Session,
            Principal = subject.Who.Principal,
            Client = subject.Who.Client,
            Server = subject.What.Server,
            Tool = subject.What.Method == "tools/call" ? subject.What.Name : null,
            Effects =
            [
                FindingEffects.Alert, .. isLabelled ? [FindingEffects.Label] : Array.Empty<string>(),
                .. action != DetectionAction.None ? [action == DetectionAction.Stop ? FindingEffects.Stop : FindingEffects.Throttle] : Array.Empty<string>(),
            ],
        };
    }

    private async ValueTask<ReadOnlyMemory<byte>> ContentAsync(Content? content, CancellationToken cancellationToken)
    {
        if (content is not { Blob: not null })
        {
            return MessagePart.Inline(content);
        }

        if (content.Size <= MaxBlob && await blobs.GetAsync(content.Sha256, cancellationToken).ConfigureAwait(false) is { } bytes)
        {
            return bytes;
        }

        telemetry.Unread();
        return default;
    }

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    // A finding that is the gateway's to say, since when it is waited for and how long.
    private readonly record struct Awaited(FoundThing Thing, long Offset, long Since, TimeSpan Grace);

    private readonly record struct Unwatched(long Offset, LedgerEvent Read, ReadOnlyMemory<byte> Content, ReadOnlyMemory<byte> Released);
}
