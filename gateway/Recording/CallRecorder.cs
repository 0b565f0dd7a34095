using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Streaming;

namespace McpLedger.Gateway.Recording;

/// <summary>Records what passes through, before it takes effect (I1), as the mode in force asks.</summary>
internal sealed class CallRecorder(
    LedgerAppender appender, IBlobStore blobs, LedgerCounters counters, GatewayTelemetry telemetry, TimeProvider time)
{
    private const int MaxUnawaited = 8192;
    private readonly ContentStore _contents = new(blobs);
    private readonly long _boot = time.GetTimestamp();
    private int _unawaited;

    /// <summary>Microseconds of the monotonic clock since boot.</summary>
    public long Monotonic => (long)time.GetElapsedTime(_boot).TotalMicroseconds;

    /// <summary>Content of bytes that the strict reader accepted; null when it could not be made durable.</summary>
    public ValueTask<Content?> OfJsonAsync(ReadOnlyMemory<byte> json) => GuardAsync(_contents.OfJsonAsync(json, appender.Deadline));

    /// <summary>Content of bytes that may be anything; null when it could not be made durable.</summary>
    public ValueTask<Content?> OfBytesAsync(ReadOnlyMemory<byte> bytes) => GuardAsync(_contents.OfBytesAsync(bytes, appender.Deadline));

    /// <summary>Records one event of the calls log.</summary>
    /// <param name="data">What happened.</param>
    /// <param name="subject">What it is about.</param>
    /// <param name="key">What decides the partition: the session.</param>
    /// <param name="phase">What waits for it.</param>
    /// <param name="mode">The recording mode of the call's configuration.</param>
    /// <returns>Whether what it announces may go on.</returns>
    public ValueTask<bool> RecordAsync(EventData data, string? subject, string key, RecordPhase phase, RecordMode mode)
    {
        var draft = appender.Draft(data, subject, LedgerLog.Calls, key);
        var mustWait = mode == RecordMode.Strict || (mode == RecordMode.StrictRequest && phase == RecordPhase.Request);
        return mustWait ? AwaitAsync(draft) : new(Queue(draft));
    }

    private async ValueTask<bool> AwaitAsync(EventDraft draft) => (await appender.AppendAsync(draft)).IsDurable;

    private bool Queue(EventDraft draft)
    {
        if (Interlocked.Increment(ref _unawaited) > MaxUnawaited)
        {
            Interlocked.Decrement(ref _unawaited);
            draft.Dispose();
            Drop();
        }
        else
        {
            _ = CompleteQueuedAsync(draft);
        }

        return true;
    }

    private async Task CompleteQueuedAsync(EventDraft draft)
    {
        var appended = await appender.AppendAsync(draft);
        Interlocked.Decrement(ref _unawaited);
        if (!appended.IsDurable)
        {
            Drop();
        }
    }

    private void Drop()
    {
        counters.CountDropped();
        telemetry.RecordDropped(counters.Dropped);
    }

    private ValueTask<Content?> GuardAsync(ValueTask<Content?> storing) => storing.IsCompletedSuccessfully ? storing : AwaitStoringAsync(storing);

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Whatever a broken blob store throws, the answer is the same: nothing is durable, nothing passes.")]
    private async ValueTask<Content?> AwaitStoringAsync(ValueTask<Content?> storing)
    {
        try
        {
            return await storing;
        }
        catch (Exception e)
        {
            telemetry.RecordFailed(e);
            return null;
        }
    }
}
