using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Recording;

/// <summary>Records what changes behaviour: durable in every mode.</summary>
internal sealed class ControlRecorder(LedgerAppender appender)
{
    /// <summary>Records one event of the control log.</summary>
    /// <returns>Its offset; null when it is not durable.</returns>
    public async ValueTask<long?> RecordAsync(EventData data, string? subject)
    {
        var appended = await appender.AppendAsync(appender.Draft(data, subject, LedgerLog.Control, key: null));
        return appended.IsDurable ? appended.Offset : null;
    }
}
