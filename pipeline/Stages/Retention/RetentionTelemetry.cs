using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace McpLedger.Stages.Retention;

/// <summary>What retention says about itself: log and metrics together.</summary>
internal sealed partial class RetentionTelemetry
{
    private readonly ILogger _logger;
    private readonly Meter _meter;
    private readonly Counter<long> _segments;
    private readonly Counter<long> _bytes;

    public RetentionTelemetry(IMeterFactory meters, ILogger<RetentionTelemetry> logger)
    {
        _logger = logger;
        _meter = meters.Create("McpLedger.Retention");
        _segments = _meter.CreateCounter<long>("mcpledger.retention.segments", "{segment}", "Segments dropped.");
        _bytes = _meter.CreateCounter<long>("mcpledger.retention.bytes", "By", "Bytes freed.");
    }

    public void Ran(RetentionReport report)
    {
        _segments.Add(report.Segments);
        _bytes.Add(report.Bytes);
        if (report is { Segments: > 0 } or { Blobs: > 0 } or { Rows: > 0 })
        {
            LogDropped(report.Segments, report.Bytes, report.Blobs, report.Rows);
        }

        if (report.Refused is { } reason)
        {
            LogRefused(reason);
        }
    }

    [LoggerMessage(2503, LogLevel.Error, "Retention failed, tries again at its next run")]
    public partial void LogFailed(Exception e);

    [LoggerMessage(2501, LogLevel.Information, "Retention dropped {Segments} segments, {Bytes} bytes with {Blobs} blobs; read models forgot {Rows} rows")]
    private partial void LogDropped(int segments, long bytes, long blobs, long rows);

    [LoggerMessage(2502, LogLevel.Warning, "Retention stopped: {Reason}")]
    private partial void LogRefused(string reason);
}
