using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;
using Microsoft.Extensions.Logging;

namespace McpLedger.Stages.Sealing;

/// <summary>What sealing says about itself: log and metrics together.</summary>
internal sealed partial class SealingTelemetry
{
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Meter _meter;
    private readonly Counter<long> _leaves;
    private readonly Counter<long> _faults;
    private readonly Recurring _troubles;
    private readonly ConcurrentDictionary<LedgerPartition, (long Lag, DateTimeOffset SignedAt)> _standing = new();

    public SealingTelemetry(IMeterFactory meters, ILogger<SealingTelemetry> logger, TimeProvider time)
    {
        (_logger, _time, _troubles) = (logger, time, new(time));
        _meter = meters.Create("McpLedger.Sealing");
        _leaves = _meter.CreateCounter<long>("mcpledger.sealing.leaves", "{leaf}", "Leaves sealed.");
        _faults = _meter.CreateCounter<long>("mcpledger.sealing.faults", "{fault}", "Chain faults found.");
        _meter.CreateObservableGauge("mcpledger.sealing.lag", () => Standing(static s => s.Lag), "{record}", "Durable records that no checkpoint covers.");
        _meter.CreateObservableGauge("mcpledger.sealing.checkpoint.age", () => Standing(s => (_time.GetUtcNow() - s.SignedAt).TotalSeconds), "s", "Time since a partition's last checkpoint.");
    }

    public void Signed(LedgerPartition partition, Checkpoint checkpoint, long leaves, long lag)
    {
        _leaves.Add(leaves, new KeyValuePair<string, object?>("partition", partition.ToString()));
        _standing[partition] = (lag, _time.GetUtcNow());
        LogSigned(partition, checkpoint.Size, leaves, lag);
    }

    /// <summary>The partition is not sealed here any more; whoever has it now tells how it stands.</summary>
    public void Forget(LedgerPartition partition) => _standing.TryRemove(partition, out _);

    public void Reported(LedgerPartition partition, IReadOnlyList<FoundFault> faults)
    {
        foreach (var fault in faults)
        {
            _faults.Add(1, new("partition", partition.ToString()), new("fault", fault.Fault));
            LogFault(partition, fault.Offset, fault.Fault, fault.Detail);
        }
    }

    /// <summary>A disk or a broker refused; one that does so refuses for every partition.</summary>
    public void Failed(LedgerPartition partition, string reason)
    {
        if (_troubles.Due(nameof(Failed)) is { } unsaid)
        {
            LogFailed(partition, reason, unsaid);
        }
    }

    /// <summary>The control log did not take what is to be said there.</summary>
    public void Unsaid(string what, LedgerPartition partition)
    {
        if (_troubles.Due(nameof(Unsaid)) is { } unsaid)
        {
            LogUnsaid(what, partition, unsaid);
        }
    }

    /// <summary>The keys cannot be had.</summary>
    public void NoKeys(string reason)
    {
        if (_troubles.Due(nameof(NoKeys)) is { } unsaid)
        {
            LogNoKeys(reason, unsaid);
        }
    }

    [LoggerMessage(2401, LogLevel.Information, "Seals {Partition} as {Origin} from leaf {Size} on, generation {Generation}")]
    public partial void LogOpened(LedgerPartition partition, string origin, long size, long generation);

    [LoggerMessage(2403, LogLevel.Critical, "Does not seal {Partition}: {Reason}")]
    public partial void LogRefused(LedgerPartition partition, string reason);

    [LoggerMessage(2404, LogLevel.Critical, "Stops sealing {Partition}: another sealer has taken over")]
    public partial void LogFenced(LedgerPartition partition);

    [LoggerMessage(2405, LogLevel.Error, "Could not seal {Partition}, tries again: {Reason} ({Unsaid} more times, of any partition, since it was last said)")]
    private partial void LogFailed(LedgerPartition partition, string reason, int unsaid);

    [LoggerMessage(2407, LogLevel.Warning, "The control log took no {What} of {Partition}; it is said again ({Unsaid} more times, of any partition, since it was last said)")]
    private partial void LogUnsaid(string what, LedgerPartition partition, int unsaid);

    [LoggerMessage(2408, LogLevel.Information, "The signing key was replaced by {By}; it is now {Key}")]
    public partial void LogRotated(string by, string key);

    [LoggerMessage(2409, LogLevel.Error, "The signing keys cannot be had, tries again: {Reason} ({Unsaid} more times since it was last said)")]
    private partial void LogNoKeys(string reason, int unsaid);

    [LoggerMessage(2402, LogLevel.Debug, "Signed {Partition} at {Size} leaves, {Leaves} of them new; {Lag} records wait")]
    private partial void LogSigned(LedgerPartition partition, long size, long leaves, long lag);

    [LoggerMessage(2406, LogLevel.Error, "Chain fault in {Partition} at offset {Offset}: {Fault}: {Detail}")]
    private partial void LogFault(LedgerPartition partition, long offset, string fault, string detail);

    private IEnumerable<Measurement<T>> Standing<T>(Func<(long Lag, DateTimeOffset SignedAt), T> of)
        where T : struct =>
        _standing.Select(s => new Measurement<T>(of(s.Value), new KeyValuePair<string, object?>("partition", s.Key.ToString())));
}
