using System.Diagnostics.Metrics;
using McpLedger.Streaming.Embedded;
using Microsoft.Extensions.Logging;

namespace McpLedger.Streaming.Recording;

/// <summary>Tells of dropped events: each is counted, and a log line comes at most once in ten seconds.</summary>
public sealed partial class BestEffortTelemetry
{
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly Counter<long> _dropped;
    private long _toldAt;
    private bool _told;

    /// <summary>Telemetry on a meter factory and a logger.</summary>
    public BestEffortTelemetry(IMeterFactory meters, ILogger<BestEffortTelemetry> logger, TimeProvider time)
    {
        (_logger, _time) = (logger, time);
        _meter = meters.Create(LedgerTelemetry.MeterName);
        _dropped = _meter.CreateCounter<long>("mcpledger.ledger.dropped", "{event}", "Events that best-effort recording lost.");
    }

    internal void Dropped(AppendStatus status, long total)
    {
        _dropped.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));
        var now = _time.GetTimestamp();
        var last = Interlocked.Read(ref _toldAt);
        if ((!Volatile.Read(ref _told) || _time.GetElapsedTime(last, now) >= Quiet) && Interlocked.CompareExchange(ref _toldAt, now, last) == last)
        {
            Volatile.Write(ref _told, true);
            LogDropped(status, total);
        }
    }

    [LoggerMessage(2081, LogLevel.Critical, "Best-effort recording loses events ({Status}): {Total} since boot were not recorded")]
    private partial void LogDropped(AppendStatus status, long total);
}
