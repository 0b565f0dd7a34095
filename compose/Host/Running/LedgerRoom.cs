using McpLedger.Host.Access;
using McpLedger.Host.Configuration;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Embedded;
using McpLedger.Streaming.Kafka;
using McpLedger.Streaming.Parking;

namespace McpLedger.Host.Running;

/// <summary>
/// The ledger, opened before anything else is built and closed after everything else is gone: what is composed around it needs its identity,
/// and nothing may outlive it that still writes.
/// </summary>
internal sealed class LedgerRoom : IAsyncDisposable
{
    private const string VerbFolder = "verbs";
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private readonly ServiceProvider _services;

    private LedgerRoom(ServiceProvider services)
    {
        _services = services;
        Ledger = services.GetRequiredService<ILedger>();

        // Records that an earlier boot left wait for their blobs, and the ledger may wait for those records.
        Blobs = services.GetRequiredService<IBlobStore>();
    }

    public ILedger Ledger { get; }

    /// <summary>What the ledger says about itself, for whoever sends it on.</summary>
    public RoomLogs Logs => _services.GetRequiredService<RoomLogs>();

    /// <summary>Claim checks: on this machine's disk, and where calls go to Kafka shipped from there.</summary>
    public IBlobStore Blobs { get; }

    /// <summary>Records that consumers could not handle: on this machine's disk, and with Kafka on a topic that every replica reads.</summary>
    public IParkingLot Parking => _services.GetRequiredService<IParkingLot>();

    /// <summary>How processes of a role share the partitions of Kafka; null on the embedded ledger, where there is one process.</summary>
    public SharePartitions? Shares => _services.GetService<SharePartitions>();

    /// <summary>Fills this machine's blobs from Kafka; null on the embedded ledger.</summary>
    public BlobTopicConsumer? BlobTopic => _services.GetService<BlobTopicConsumer>();

    public static LedgerRoom Open(LoadedConfig config, HostRoles roles) => Open(config, roles, KafkaMapping.ToLedger);

    /// <summary>
    /// Opens the ledger for a verb that writes to it while no instance has the folder open. In Kafka the configured name may be that of a process on another machine, and whoever boots as it takes the name from it:
    /// a verb has a name of its own, made once and kept in a folder of its own, and leaves what the data folder says of its instance as it is.
    /// </summary>
    public static LedgerRoom OpenForVerb(LoadedConfig config) => Open(config, HostRoles.Pipeline, static (config, roles) =>
        KafkaMapping.ToLedger(config, roles) with { Folder = Path.Combine(config.DataFolder, VerbFolder), Instance = null, Ledger = LedgerIdentity.Read(config.DataFolder)?.Ledger });

    /// <summary>Why nothing can be written to the ledger that was opened; null when it can.</summary>
    public string? Refusal => Ledger.Health is { Status: LedgerStatus.Unavailable } health ? health.Reason : null;

    private static LedgerRoom Open(LoadedConfig config, HostRoles roles, Func<LoadedConfig, HostRoles, KafkaLedgerOptions> toKafka)
    {
        // What was said in calls lies in it.
        PrivateFile.MakeFolder(config.DataFolder);
        var services = new ServiceCollection().AddLogging(l => l.AddConsoleLines()).AddSingleton<RoomLogs>().AddSingleton<ILoggerProvider>(p => p.GetRequiredService<RoomLogs>()).AddMetrics().AddSingleton(TimeProvider.System);
        _ = config.File.Kafka is null
            ? services.AddEmbeddedLedger(Embedded(config)).AddSingleton<IBlobStore>(new BlobFolder(config.DataFolder)).AddSingleton<IParkingLot>(new ParkingFolder(config.DataFolder, TimeProvider.System))
            : AddKafka(services, toKafka(config, roles), roles);
        return new(services.BuildServiceProvider());
    }

    private static IServiceCollection AddKafka(IServiceCollection services, KafkaLedgerOptions options, HostRoles roles)
    {
        services.AddKafkaLedger(options);
        services.AddSingleton<IParkingLot>(p => new ParkingTopic(options, p.GetRequiredService<KafkaTelemetry>(), p.GetRequiredService<TimeProvider>()));
        services.AddSingleton(p => new BlobTopicConsumer(options, p.GetRequiredService<KafkaTelemetry>(), p.GetRequiredService<TimeProvider>()));
        return roles.HasFlag(HostRoles.Gateway)
            ? services.AddSingleton<IBlobStore>(p => new KafkaBlobStore(options, p.GetRequiredService<KafkaLedger>(), p.GetRequiredService<KafkaTelemetry>(), p.GetRequiredService<TimeProvider>()))
            : services.AddSingleton<IBlobStore>(new BlobFolder(options.Folder));
    }

    /// <summary>Waits until the ledger takes events: brokers may still be on their way when a role starts.</summary>
    /// <returns>Why it does not, after <paramref name="longest"/>; null when it does.</returns>
    public async Task<string?> OpenedAsync(TimeSpan longest, TimeProvider time, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (Ledger.Health is { Status: LedgerStatus.Unavailable } health)
        {
            if (time.GetElapsedTime(began) >= longest)
            {
                return health.Reason;
            }

            await Task.Delay(LookEvery, time, cancellationToken);
        }

        return null;
    }

    private static EmbeddedLedgerOptions Embedded(LoadedConfig config) => new()
    {
        Folder = config.DataFolder,
        Instance = config.File.Instance,
        OriginHost = config.File.Ledger.Origin ?? "localhost",
        Role = "gateway",
        Version = UpHost.Version,
        RecordMode = config.File.Ledger.Record,
        QuotaBytes = config.File.Ledger.Quota?.Bytes ?? 0,
    };

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
