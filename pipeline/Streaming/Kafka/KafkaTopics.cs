using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Kafka;

/// <summary>A setting of a topic that is not what the ledger's promises need.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Setting">Name of the setting, <c>partitions</c> or <c>replicas</c>.</param>
/// <param name="Expected">What it should be.</param>
/// <param name="Found">What it is.</param>
public sealed record TopicDrift(string Topic, string Setting, string Expected, string Found);

/// <summary>What a look at the topics told.</summary>
/// <param name="Ledger">Id of the ledger: that of the control topic, which is made once.</param>
/// <param name="Calls">Id of the topic of calls; null where topics are not asked about.</param>
/// <param name="MaxBytes">Longest batch that every topic takes.</param>
/// <param name="Drifts">What is not as it should be.</param>
internal sealed record TopicsSeen(EventId Ledger, EventId? Calls, int MaxBytes, IReadOnlyList<TopicDrift> Drifts);

/// <summary>Makes the ledger's topics where they are missing, and looks whether they still are what its promises need.</summary>
internal sealed class KafkaTopics(KafkaLedgerOptions options, KafkaClients clients, KafkaTelemetry telemetry)
{
    /// <summary>What a batch and its headers take beside a record.</summary>
    public const int Overhead = 1024;

    /// <summary>What a piece of a blob takes, with its batch.</summary>
    public const int LongestPiece = BlobChunk.Size + (64 * Overhead);

    private readonly TopicNames _names = new(options.TopicPrefix);

    private int MaxBytes => LongestBatch(options);

    /// <summary>What the longest record takes, with its batch.</summary>
    public static int LongestBatch(KafkaLedgerOptions options) => options.MaxRecordBytes + (64 * Overhead);

    /// <summary>Makes what is missing and verifies all of it.</summary>
    /// <exception cref="IOException">The cluster does not answer, the topic of calls of a ledger in use is gone, or a topic has fewer partitions than the ledger.</exception>
    public async Task<TopicsSeen> EnsureAsync(CancellationToken cancellationToken)
    {
        if (!options.ManageTopics)
        {
            return new(IdOf(Digest.Of(System.Text.Encoding.UTF8.GetBytes(options.TopicPrefix))), Calls: null, MaxBytes, []);
        }

        try
        {
            using var admin = clients.Admin();

            // It blocks its thread, and the client may not go from under it: nobody stops waiting for it.
            var there = await Task.Run(() => TopicsOf(admin), CancellationToken.None).ConfigureAwait(false);
            await MakeAsync(admin, there).WaitAsync(cancellationToken).ConfigureAwait(false);
            return await LookAsync(admin).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw new IOException($"the topics cannot be verified: {clients.WhyOf(e)}", e);
        }
    }

    /// <summary>Looks and makes nothing; a topic that is missing is a drift.</summary>
    /// <exception cref="IOException">The cluster does not answer, or a topic has fewer partitions than the ledger.</exception>
    public async Task<IReadOnlyList<TopicDrift>> ExamineAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var admin = clients.Admin();
            var there = await Task.Run(() => TopicsOf(admin), cancellationToken).ConfigureAwait(false);
            var missing = Wanted().Keys.Where(t => !there.Contains(t)).Select(static t => new TopicDrift(t, "topic", "there", "missing")).ToArray();
            return missing.Length > 0 ? missing : (await LookAsync(admin).WaitAsync(cancellationToken).ConfigureAwait(false)).Drifts;
        }
        catch (KafkaException e)
        {
            throw new IOException($"the cluster does not answer: {clients.WhyOf(e)}", e);
        }
    }

    /// <summary>Id of the topic of blobs.</summary>
    /// <returns>Null where topics are not asked about.</returns>
    /// <exception cref="IOException">The cluster does not answer, or has none.</exception>
    public async Task<EventId?> BlobsAsync(CancellationToken cancellationToken)
    {
        if (!options.ManageTopics)
        {
            return null;
        }

        try
        {
            using var admin = clients.Admin();
            var described = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([_names.Blobs]), new() { RequestTimeout = options.AnswerTimeout }).WaitAsync(cancellationToken).ConfigureAwait(false);
            return IdOf(described.TopicDescriptions[0].TopicId);
        }
        catch (KafkaException e)
        {
            throw new IOException($"topic {_names.Blobs} cannot be looked at: {clients.WhyOf(e)}", e);
        }
    }

    /// <summary>Removes everything before an offset, for good.</summary>
    /// <exception cref="IOException">The cluster refuses.</exception>
    public async Task DropBeforeAsync(LedgerPartition partition, long offset)
    {
        try
        {
            using var admin = clients.Admin();
            await admin.DeleteRecordsAsync([new(_names.Of(partition), offset)], new() { RequestTimeout = options.AnswerTimeout }).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw new IOException($"{partition} could not be cut before offset {offset}: {e.Error.Reason}", e);
        }
    }

    /// <summary>Removes the pieces of blobs that landed before a moment, for good.</summary>
    /// <exception cref="IOException">The cluster refuses.</exception>
    public async Task DropBlobsBeforeAsync(DateTimeOffset moment)
    {
        try
        {
            using var admin = clients.Admin();

            // The ends first: what lands while this looks is younger than anything that goes.
            var ends = await OffsetsAsync(admin, OffsetSpec.Latest()).ConfigureAwait(false);
            var firsts = await OffsetsAsync(admin, OffsetSpec.ForTimestamp(moment.ToUnixTimeMilliseconds())).ConfigureAwait(false);
            var cuts = firsts.Select((f, n) => new TopicPartitionOffset(f.TopicPartition, f.Offset >= 0 ? f.Offset : ends[n].Offset));
            await admin.DeleteRecordsAsync(cuts, new() { RequestTimeout = options.AnswerTimeout }).ConfigureAwait(false);
        }
        catch (KafkaException e)
        {
            throw new IOException($"{_names.Blobs} could not be cut before {moment:u}: {e.Error.Reason}", e);
        }
    }

    private async Task<IReadOnlyList<TopicPartitionOffset>> OffsetsAsync(IAdminClient admin, OffsetSpec at)
    {
        var places = Enumerable.Range(0, options.Partitions).Select(n => new TopicPartitionOffsetSpec { TopicPartition = new(_names.Blobs, n), OffsetSpec = at });
        var found = await admin.ListOffsetsAsync(places, new() { RequestTimeout = options.AnswerTimeout }).ConfigureAwait(false);
        return [.. found.ResultInfos.Select(static r => r.TopicPartitionOffsetError.TopicPartitionOffset).OrderBy(static o => o.Partition.Value)];
    }

    private Dictionary<string, int> Wanted() => new() { [_names.Calls] = options.Partitions, [_names.Control] = 1, [_names.Blobs] = options.Partitions, [_names.Parked] = 1 };

    // A piece of a blob is as long as it is, however short the ledger's records are.
    private int MaxBytesOf(string topic) => topic == _names.Blobs ? Math.Max(MaxBytes, LongestPiece) : MaxBytes;

    private Dictionary<string, string> SettingsOf(string topic) => new()
    {
        ["cleanup.policy"] = "delete",
        ["retention.ms"] = options.Retention is { } keep ? ((long)keep.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : "-1",
        ["retention.bytes"] = "-1",
        ["min.insync.replicas"] = options.MinInSync.ToString(CultureInfo.InvariantCulture),
        ["message.timestamp.type"] = "LogAppendTime",
        ["max.message.bytes"] = MaxBytesOf(topic).ToString(CultureInfo.InvariantCulture),
        ["unclean.leader.election.enable"] = "false",
        ["compression.type"] = "producer",
    };

    // Asking the cluster for all topics, not for these by name: a broker that makes topics by itself would make them as it likes.
    private HashSet<string> TopicsOf(IAdminClient admin) => admin.GetMetadata(options.AnswerTimeout).Topics.Select(static t => t.Topic).ToHashSet(StringComparer.Ordinal);

    private async Task MakeAsync(IAdminClient admin, HashSet<string> there)
    {
        List<TopicSpecification> missing = [.. Wanted().Where(t => !there.Contains(t.Key)).Select(t => new TopicSpecification
        {
            Name = t.Key,
            NumPartitions = t.Value,
            ReplicationFactor = options.Replication,
            Configs = SettingsOf(t.Key),
        })];
        if (missing.Count == 0)
        {
            return;
        }

        if (!there.Contains(_names.Calls) && there.Contains(_names.Control) && await IsWrittenAsync(admin).ConfigureAwait(false))
        {
            throw new IOException($"topic {_names.Calls} is missing, and {_names.Control} says that the ledger is in use: made anew, it would hold other records at offsets that were read and sealed. Fix: restore the topic, or begin another ledger (another topic prefix, empty data folders and stores)");
        }

        try
        {
            await admin.CreateTopicsAsync(missing, new() { RequestTimeout = options.AnswerTimeout, OperationTimeout = options.AnswerTimeout }).ConfigureAwait(false);
            missing.ForEach(t => telemetry.LogMade(t.Name, t.NumPartitions, t.ReplicationFactor));
        }
        catch (CreateTopicsException e) when (e.Results.All(static r => !r.Error.IsError || r.Error.Code == ErrorCode.TopicAlreadyExists))
        {
            // Another process of this ledger was quicker.
        }
    }

    /// <summary>Whether anything was ever written to the control log: the topics are all there by then.</summary>
    private async Task<bool> IsWrittenAsync(IAdminClient admin)
    {
        var place = new TopicPartitionOffsetSpec { TopicPartition = _names.Of(LedgerPartition.Control), OffsetSpec = OffsetSpec.Latest() };
        var found = await admin.ListOffsetsAsync([place], new() { RequestTimeout = options.AnswerTimeout }).ConfigureAwait(false);
        return found.ResultInfos[0].TopicPartitionOffsetError.Offset.Value > 0;
    }

    private async Task<TopicsSeen> LookAsync(IAdminClient admin)
    {
        var wanted = Wanted();
        var described = await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(wanted.Keys), new() { RequestTimeout = options.AnswerTimeout }).ConfigureAwait(false);
        var resources = wanted.Keys.Select(static t => new ConfigResource { Type = ResourceType.Topic, Name = t });
        var configs = await admin.DescribeConfigsAsync(resources, new() { RequestTimeout = options.AnswerTimeout }).ConfigureAwait(false);
        var drifts = new List<TopicDrift>();
        var (ledger, calls) = (default(EventId), default(EventId));
        foreach (var topic in described.TopicDescriptions)
        {
            if (topic.Partitions.Count < wanted[topic.Name])
            {
                throw new IOException($"topic {topic.Name} has {topic.Partitions.Count} partitions and the ledger {wanted[topic.Name]}. Fix: set the number that the topic was made with; it is fixed for its life");
            }

            if (topic.Partitions.Count > wanted[topic.Name])
            {
                // Kafka takes none away. Nothing of this ledger goes to them, and nobody works on them.
                drifts.Add(new(topic.Name, "partitions", $"{wanted[topic.Name]}", $"{topic.Partitions.Count}"));
            }

            if (topic.Partitions.Min(static p => p.Replicas.Count) is var replicas && replicas < options.Replication)
            {
                drifts.Add(new(topic.Name, "replicas", $"{options.Replication}", $"{replicas}"));
            }

            ledger = topic.Name == _names.Control ? IdOf(topic.TopicId) : ledger;
            calls = topic.Name == _names.Calls ? IdOf(topic.TopicId) : calls;
        }

        var max = MaxBytes;
        foreach (var config in configs)
        {
            foreach (var (setting, expected) in SettingsOf(config.ConfigResource.Name))
            {
                var found = config.Entries.TryGetValue(setting, out var entry) ? entry.Value : "unknown";
                if (found != expected)
                {
                    drifts.Add(new(config.ConfigResource.Name, setting, expected, found));
                }

                max = setting == "max.message.bytes" && int.TryParse(found, CultureInfo.InvariantCulture, out var bytes) ? Math.Min(max, bytes) : max;
            }
        }

        drifts.ForEach(d => telemetry.LogDrifted(d.Topic, d.Setting, d.Found, d.Expected));
        return new(ledger, calls, max, drifts);
    }

    private static EventId IdOf(Uuid topic)
    {
        Span<byte> bytes = stackalloc byte[16];
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes, topic.MostSignificantBits);
        System.Buffers.Binary.BinaryPrimitives.WriteInt64BigEndian(bytes[8..], topic.LeastSignificantBits);
        return IdOf(bytes);
    }

    private static EventId IdOf(Digest digest) => IdOf(Convert.FromHexString(digest.ToString()).AsSpan(0, 16));

    private static EventId IdOf(ReadOnlySpan<byte> bytes) => EventId.TryParse(new Guid(bytes, bigEndian: true).ToString("D"), out var id) ? id : default;
}
