using Confluent.Kafka;

namespace McpLedger.Streaming.Kafka;

/// <summary>Makes librdkafka's clients, all with the settings that the promises of this room need.</summary>
internal sealed class KafkaClients(KafkaLedgerOptions options, KafkaTelemetry telemetry)
{
    private const int LargestFetch = 16 * 1024 * 1024;
    private static readonly TimeSpan ReconnectAtMost = TimeSpan.FromSeconds(1);

    private volatile Error? _heard;

    /// <summary>Where it is told.</summary>
    public KafkaTelemetry Telemetry => telemetry;

    /// <summary>A producer that never gives a record up by itself and never leaves one out: what it reports as failed has to be repaired.</summary>
    /// <param name="maxBytes">The topic's longest batch.</param>
    /// <param name="failed">Told of errors of the client as a whole.</param>
    public IProducer<Null, byte[]> Producer(int maxBytes, Action<Error> failed) => Made(() => new ProducerBuilder<Null, byte[]>(new ProducerConfig(Common())
    {
        Acks = Acks.All,
        EnableIdempotence = true,
        EnableGaplessGuarantee = true,
        MessageTimeoutMs = 0,
        LingerMs = options.Linger.TotalMilliseconds,
        MessageMaxBytes = maxBytes,
        BatchSize = maxBytes,
        BatchNumMessages = 10_000,
        CompressionType = CompressionType.None,
        QueueBufferingMaxMessages = 0,
        QueueBufferingMaxKbytes = int.MaxValue,
        DeliveryReportFields = "none",
    }).SetErrorHandler((_, e) => failed(e)).SetLogHandler((_, m) => telemetry.Said(m)).Build());

    /// <summary>A consumer that belongs to no group and sees every record that the replicas agree on, transactions or not.</summary>
    public IConsumer<Ignore, byte[]> Reader() => Made(() => new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(Common())
    {
        GroupId = options.TopicPrefix + "none",
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        EnablePartitionEof = true,
        AutoOffsetReset = AutoOffsetReset.Error,
        IsolationLevel = IsolationLevel.ReadUncommitted,
        CheckCrcs = true,
        ConsumeResultFields = "timestamp",
        FetchMaxBytes = Math.Clamp(options.PrefetchBytes, options.MaxRecordBytes, LargestFetch),
        MaxPartitionFetchBytes = Math.Clamp(options.PrefetchBytes, options.MaxRecordBytes, LargestFetch),
        MessageMaxBytes = Math.Clamp(options.PrefetchBytes, options.MaxRecordBytes, LargestFetch),
        QueuedMaxMessagesKbytes = Math.Max(1024, options.PrefetchBytes / 1024),
        FetchQueueBackoffMs = 5,
        FetchErrorBackoffMs = 100,
    }).SetErrorHandler((_, e) => telemetry.Trouble(e)).SetLogHandler((_, m) => telemetry.Said(m)).Build());

    /// <summary>A member of a group, for its assignment only: it fetches nothing and commits nothing.</summary>
    public ConsumerBuilder<Ignore, byte[]> Member(string group, TimeSpan sessionTimeout) => new ConsumerBuilder<Ignore, byte[]>(new ConsumerConfig(Common())
    {
        GroupId = group,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
        SessionTimeoutMs = (int)sessionTimeout.TotalMilliseconds,
        HeartbeatIntervalMs = (int)(sessionTimeout.TotalMilliseconds / 4),
    }).SetErrorHandler((_, e) => telemetry.Trouble(e)).SetLogHandler((_, m) => telemetry.Said(m));

    /// <summary>One who asks about topics and changes them.</summary>
    public IAdminClient Admin()
    {
        _heard = null;
        return Made(() => new AdminClientBuilder(Common()).SetErrorHandler((_, e) => Heard(e)).SetLogHandler((_, m) => telemetry.Said(m)).Build());
    }

    /// <summary>
    /// Why a question of <see cref="Admin"/> failed. Its own error says no more than that no broker answered; what the connections broke on was told beside it.
    /// </summary>
    public string WhyOf(KafkaException failed) => _heard switch
    {
        { Code: ErrorCode.Local_Authentication } heard => $"{heard.Reason}. Fix: show the user, password and mechanism that the brokers know (kafka.security)",
        { Code: ErrorCode.Local_Ssl } heard => $"{heard.Reason}. Fix: name the authority of the brokers' certificates in kafka.security.ca, and a client certificate where they ask for one",
        { } heard when failed.Error.IsLocalError => $"{failed.Error.Reason} ({heard.Reason})",
        _ => failed.Error.Reason,
    };

    /// <summary>Makes a client, or fails as a cluster that cannot be reached does: a certificate that is being replaced, or no thread left, is trouble that passes.</summary>
    /// <exception cref="KafkaException">It cannot be made now.</exception>
    public static T Made<T>(Func<T> make)
    {
        try
        {
            return make();
        }
        catch (InvalidOperationException e)
        {
            throw new KafkaException(new Error(ErrorCode.Local_Fail, $"no client could be made: {e.Message}"), e);
        }
    }

    private void Heard(Error error)
    {
        // That all brokers are down follows from the error that says why.
        if (error.Code != ErrorCode.Local_AllBrokersDown)
        {
            _heard = error;
        }

        telemetry.Trouble(error);
    }

    private ClientConfig Common()
    {
        var config = new ClientConfig
        {
            BootstrapServers = options.Bootstrap,
            ClientId = "mcpledger",
            ReconnectBackoffMs = 50,
            ReconnectBackoffMaxMs = (int)ReconnectAtMost.TotalMilliseconds,
            SocketKeepaliveEnable = true,
            SocketNagleDisable = true,
            AllowAutoCreateTopics = !options.ManageTopics,
            EnableMetricsPush = false,
        };
        foreach (var (key, value) in options.Client)
        {
            config.Set(key, value);
        }

        return config;
    }
}
