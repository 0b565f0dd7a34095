using McpLedger.Contracts.Events;
using Microsoft.Win32.SafeHandles;

namespace McpLedger.Streaming.Kafka;

/// <summary>Where an event of the calls log becomes durable before its append is answered. Control events always wait for the cluster: they need one order.</summary>
public enum KafkaDurability
{
    /// <summary>On this machine's disk; it is shipped to the cluster at once, in order, as the bytes it holds.</summary>
    Disk = 0,

    /// <summary>In the cluster, on as many replicas as have to be in sync.</summary>
    Quorum = 1,
}

/// <summary>How a ledger in Kafka is kept.</summary>
public sealed record KafkaLedgerOptions
{
    /// <summary>The data folder of this process: <c>identity.json</c>, <c>epoch</c> and <c>kafka/</c> (positions, spool). It makes the instance what it is: keep it on a volume.</summary>
    public required string Folder { get; init; }

    /// <summary>Brokers to begin with: <c>host:port,host:port</c>.</summary>
    public required string Bootstrap { get; init; }

    /// <summary>Settings of the connection, handed to librdkafka as they are: <c>security.*</c>, <c>sasl.*</c>, <c>ssl.*</c>, <c>client.*</c>, <c>socket.*</c>, <c>broker.*</c>. Others would change what is promised.</summary>
    public IReadOnlyDictionary<string, string> Client { get; init; } = new Dictionary<string, string>();

    /// <summary>What the names of the topics begin with: <c>{prefix}calls</c>, <c>{prefix}control</c>, <c>{prefix}blobs</c>, <c>{prefix}parked</c>.</summary>
    public string TopicPrefix { get; init; } = "mcpledger.";

    /// <summary>Partitions of the calls topic, for its whole life: a session's partition is its key's hash modulo this.</summary>
    public int Partitions { get; init; } = 4;

    /// <summary>Replicas of every partition.</summary>
    public short Replication { get; init; } = 3;

    /// <summary>Replicas that have to have a record before it counts (<c>min.insync.replicas</c>).</summary>
    public int MinInSync { get; init; } = 2;

    /// <summary>How long the cluster keeps records; null for ever, so that only what is sealed and announced goes.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>Where calls become durable.</summary>
    public KafkaDurability Durable { get; init; } = KafkaDurability.Disk;

    /// <summary>Id of the ledger that the topics must be of; null takes them as they are, or for the one that the folder is of.</summary>
    public EventId? Ledger { get; init; }

    /// <summary>Name of this writer instance in chains and sources; null makes one at first start and keeps it.</summary>
    public string? Instance { get; init; }

    /// <summary>Host part of the origin of the ledger's trees: <c>{host}/mcpledger/{8 hex digits of the ledger's id}</c>.</summary>
    public string OriginHost { get; init; } = "localhost";

    /// <summary>Role that <c>writer.started.v1</c> and heartbeats give as their source.</summary>
    public string Role { get; init; } = "ledger";

    /// <summary>Version of the program, for <c>writer.started.v1</c>.</summary>
    public string Version { get; init; } = "0.1.0";

    /// <summary>Recording mode in force, for <c>writer.started.v1</c>: strict | strict-request | best-effort.</summary>
    public string RecordMode { get; init; } = "strict";

    /// <summary>Whether this process writes calls; one that only writes control events (sealer, projections) begins no chains of calls.</summary>
    public bool WritesCalls { get; init; } = true;

    /// <summary>Whether blobs stay in this process's folder once the cluster has them: false where nobody reads them there.</summary>
    public bool KeepsBlobs { get; init; } = true;

    /// <summary>Longest record in bytes. A topic that allows less makes it less.</summary>
    public int MaxRecordBytes { get; init; } = 1024 * 1024;

    /// <summary>How long records wait for others to share a request with. Less burns processor time in librdkafka, more is latency.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(0.2);

    /// <summary>Most records that wait for the cluster in a partition; one more is <see cref="AppendStatus.Pushback"/>.</summary>
    public int MaxQueuedAppends { get; init; } = 8192;

    /// <summary>Most bytes that wait for the cluster in a partition; more is <see cref="AppendStatus.Pushback"/>.</summary>
    public long MaxQueuedBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Age of the oldest record that waits for the cluster past which appends are <see cref="AppendStatus.Unavailable"/>.</summary>
    public TimeSpan StallAfter { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Time between two heartbeats; <see cref="TimeSpan.Zero"/> for none.</summary>
    public TimeSpan HeartbeatInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait before the first try to open again after a failure; doubles up to <see cref="LongestRetryDelay"/>.</summary>
    public TimeSpan FirstRetryDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Longest wait between two tries.</summary>
    public TimeSpan LongestRetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Wait before the next try after so many failures before the last one.</summary>
    internal TimeSpan RetryDelay(int failures) => DoublingDelay.After(failures, FirstRetryDelay, LongestRetryDelay);

    /// <summary>Longest wait for the cluster's answer to a question.</summary>
    public TimeSpan AnswerTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Time between two looks at the topics' settings.</summary>
    public TimeSpan VerifyInterval { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Bytes that one reader of a partition fetches ahead.</summary>
    public int PrefetchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The spool's bounds (<see cref="KafkaDurability.Disk"/>).</summary>
    public SpoolOptions Spool { get; init; } = new();

    /// <summary>Whether topics are made and verified; librdkafka's mock cluster cannot be asked.</summary>
    internal bool ManageTopics { get; init; } = true;

    /// <summary>What is wrong with these options; null when nothing is.</summary>
    internal string? Fault()
    {
        string[] allowed = ["security.", "sasl.", "ssl.", "client.", "socket.", "broker."];
        return this switch
        {
            { Folder: "" } => "Folder is empty.",
            { Bootstrap: "" } => "Bootstrap is empty.",
            { Instance: { } name } when !LedgerIdentity.IsName(name) => $"Instance '{name}' has other characters than letters, digits, '-', '_' and '.', or more than 64.",
            { Partitions: < 1 or > 1024 } => $"Partitions is {Partitions}; 1 to 1024 are possible.",
            { MinInSync: var least } when least < 1 || least > Replication => $"MinInSync is {least} and Replication {Replication}: 1 to {Replication} are possible.",
            _ when Client.Keys.FirstOrDefault(k => !allowed.Any(a => k.StartsWith(a, StringComparison.Ordinal))) is { } key => $"Client.{key} may not be set: only {string.Join(", ", allowed)}* may.",
            _ => null,
        };
    }
}

/// <summary>How much may lie on this machine's disk and not in the cluster yet.</summary>
public sealed record SpoolOptions
{
    /// <summary>Most bytes, with those of blobs; past them calls are refused.</summary>
    public long MaxBytes { get; init; } = 4L * 1024 * 1024 * 1024;

    /// <summary>Most records.</summary>
    public long MaxRecords { get; init; } = 4_000_000;

    /// <summary>Greatest age of the oldest; null for no bound.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Bytes set aside for a segment, at least 64 KiB and twice the longest record.</summary>
    public long SegmentBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Most bytes written and synced at once.</summary>
    public int MaxGroupBytes { get; init; } = 2 * 1024 * 1024;

    /// <summary>How long what is shipped gathers on the disk before it is read: nobody waits for it, and a read for each group costs more than the records.</summary>
    public TimeSpan Gathering { get; init; } = TimeSpan.FromMilliseconds(25);

    /// <summary>Records under way to the cluster at a time.</summary>
    public int MaxUnderWay { get; init; } = 8192;

    /// <summary>Bytes of them: where the cluster is away for long they lie in memory, and once more in librdkafka's.</summary>
    public long MaxUnderWayBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>How a file is made durable; tests put a failing disk here.</summary>
    internal Action<SafeFileHandle> Sync { get; init; } = Embedded.DurableFile.Sync;
}
