using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace McpLedger.Testing.Kafka;

/// <summary>librdkafka's own mock brokers, in this process: they speak the protocol over sockets and fail when told to. They store in memory and know no administration.</summary>
[SuppressMessage("Usage", "CA2216:Disposable types should declare finalizer", Justification = "The brokers are threads of the test process and end with it.")]
public sealed partial class MockCluster : IDisposable
{
    private const string Library = "librdkafka";
    private const int Producer = 0;
    private const DllImportSearchPath Places = DllImportSearchPath.SafeDirectories;

    // The package holds one build for each family of systems, and its own client takes the first that loads.
    private static readonly string[] Builds = [Library, "centos8-librdkafka", "alpine-librdkafka"];

    private readonly nint _client;
    private readonly nint _cluster;

    static MockCluster() => NativeLibrary.SetDllImportResolver(typeof(MockCluster).Assembly, static (name, assembly, paths) =>
        name != Library ? 0 : Builds.Select(build => NativeLibrary.TryLoad(build, assembly, paths, out var handle) ? handle : 0).FirstOrDefault(static handle => handle != 0));

    /// <summary>Starts brokers, which are gone when this is disposed.</summary>
    /// <param name="brokers">How many.</param>
    public MockCluster(int brokers)
    {
        var error = new byte[512];
        _client = Native.New(Producer, Native.NewConfiguration(), error, (nuint)error.Length);
        if (_client == 0)
        {
            throw new InvalidOperationException(Encoding.UTF8.GetString(error).TrimEnd('\0'));
        }

        _cluster = Native.NewCluster(_client, brokers);
        Bootstrap = Marshal.PtrToStringUTF8(Native.Bootstraps(_cluster))!;
        Native.GroupsGatherFor(_cluster, milliseconds: 0);
    }

    /// <summary>Where its brokers listen.</summary>
    public string Bootstrap { get; }

    /// <summary>Makes a topic.</summary>
    public void Make(string topic, int partitions)
    {
        if (Native.Make(_cluster, topic, partitions, 1) is var error and not 0)
        {
            throw new InvalidOperationException($"Topic {topic} could not be made: {error}.");
        }
    }

    /// <summary>Lets the next requests of a kind fail with these codes of the protocol, one each.</summary>
    /// <param name="request">Number of the request: 0 produce, 1 fetch, 2 list offsets, 3 metadata, 22 init producer id.</param>
    /// <param name="errors">Codes of the protocol.</param>
    public void FailNext(short request, params int[] errors) => Native.PushErrors(_cluster, request, (nuint)errors.Length, errors);

    /// <summary>Takes a broker's sockets away, or gives them back.</summary>
    public void SetDown(int broker, bool down) => _ = down ? Native.SetDown(_cluster, broker) : Native.SetUp(_cluster, broker);

    /// <summary>Lets a broker answer after a while only.</summary>
    public void SetDelay(int broker, TimeSpan delay) => _ = Native.SetDelay(_cluster, broker, (int)delay.TotalMilliseconds);

    /// <summary>Moves a partition to another broker.</summary>
    public void Move(string topic, int partition, int broker) => _ = Native.SetLeader(_cluster, topic, partition, broker);

    /// <inheritdoc/>
    public void Dispose()
    {
        Native.DestroyCluster(_cluster);
        Native.Destroy(_client);
    }

    private static partial class Native
    {
        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_conf_new")]
        public static partial nint NewConfiguration();

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_new")]
        public static partial nint New(int type, nint configuration, byte[] error, nuint size);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_destroy")]
        public static partial void Destroy(nint client);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_new")]
        public static partial nint NewCluster(nint client, int brokers);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_destroy")]
        public static partial void DestroyCluster(nint cluster);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
        public static partial nint Bootstraps(nint cluster);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_group_initial_rebalance_delay_ms")]
        public static partial void GroupsGatherFor(nint cluster, int milliseconds);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_topic_create", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int Make(nint cluster, string topic, int partitions, int replication);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_push_request_errors_array")]
        public static partial void PushErrors(nint cluster, short request, nuint count, int[] errors);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_down")]
        public static partial int SetDown(nint cluster, int broker);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_up")]
        public static partial int SetUp(nint cluster, int broker);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_broker_set_rtt")]
        public static partial int SetDelay(nint cluster, int broker, int milliseconds);

        [DefaultDllImportSearchPaths(Places)]
        [LibraryImport(Library, EntryPoint = "rd_kafka_mock_partition_set_leader", StringMarshalling = StringMarshalling.Utf8)]
        public static partial int SetLeader(nint cluster, string topic, int partition, int broker);
    }
}
