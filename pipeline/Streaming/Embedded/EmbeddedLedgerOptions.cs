using Microsoft.Win32.SafeHandles;

namespace McpLedger.Streaming.Embedded;

/// <summary>How an embedded ledger is kept.</summary>
public sealed record EmbeddedLedgerOptions
{
    /// <summary>The data folder. The ledger keeps its segments in <c>ledger/</c> and its identity in <c>identity.json</c> there.</summary>
    public required string Folder { get; init; }

    /// <summary>Name of this writer instance in chains and sources, of letters, digits, <c>-</c>, <c>_</c> and <c>.</c>; null makes one at first start and keeps it.</summary>
    public string? Instance { get; init; }

    /// <summary>Host part of the origin of a new ledger's tree: <c>{host}/mcpledger/{8 hex digits}</c>.</summary>
    public string OriginHost { get; init; } = "localhost";

    /// <summary>Role that <c>writer.started.v1</c> and heartbeats give as their source.</summary>
    public string Role { get; init; } = "ledger";

    /// <summary>Version of the program, for <c>writer.started.v1</c>.</summary>
    public string Version { get; init; } = "0.1.0";

    /// <summary>Recording mode in force, for <c>writer.started.v1</c>: strict | strict-request | best-effort.</summary>
    public string RecordMode { get; init; } = "strict";

    /// <summary>Bytes set aside for a segment of the calls log, at least 64 KiB.</summary>
    public long SegmentBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Bytes set aside for a segment of the control log, at least 64 KiB.</summary>
    public long ControlSegmentBytes { get; init; } = 8L * 1024 * 1024;

    /// <summary>Longest record in bytes; never more than half of a segment.</summary>
    public int MaxRecordBytes { get; init; } = 1024 * 1024;

    /// <summary>Most bytes written and synced at once.</summary>
    public int MaxGroupBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>Most appends waiting in a partition; one more is <see cref="AppendStatus.Pushback"/>.</summary>
    public int MaxQueuedAppends { get; init; } = 8192;

    /// <summary>Most bytes waiting in a partition; more is <see cref="AppendStatus.Pushback"/>.</summary>
    public long MaxQueuedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Time between two heartbeats; <see cref="TimeSpan.Zero"/> for none.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait before the first try to write again after a failure; doubles up to <see cref="LongestProbeDelay"/>.</summary>
    public TimeSpan FirstProbeDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between two tries to write again.</summary>
    public TimeSpan LongestProbeDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Most bytes that <c>ledger/</c> and <c>blobs/</c> may hold; past it calls are refused, past 80 % it is warned. Zero for no bound.</summary>
    public long QuotaBytes { get; init; }

    /// <summary>How a file is made durable; tests put a failing disk here.</summary>
    internal Action<SafeFileHandle> Sync { get; init; } = DurableFile.Sync;

    /// <summary>Whether a record's offset is its place for ever; in a spool it is not, and nobody is told of it.</summary>
    internal bool OffsetsAreFinal { get; init; } = true;

    internal long SegmentBytesOf(Contracts.Events.LedgerLog log) => log == Contracts.Events.LedgerLog.Calls ? SegmentBytes : ControlSegmentBytes;
}
