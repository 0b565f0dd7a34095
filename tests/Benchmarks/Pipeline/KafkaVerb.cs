using System.Diagnostics;
using Confluent.Kafka;
using McpLedger.Benchmarks.Contenders;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Benchmarks.Pipeline;

/// <summary>
/// <c>./bench.sh kafka</c>: what becomes durable a second on this disk, by way of this disk to Kafka, and in Kafka's in-sync replicas, beside what the broker
/// itself takes to acknowledge bytes of the same length; then by partitions.
/// </summary>
internal static class KafkaVerb
{
    private static readonly double[] Lingers = [0, 0.2, 0.5, 1, 5];

    public static async Task<int> RunAsync(Options options)
    {
        var seconds = options.Number("seconds", 2);
        using var scratch = Scratch.Make();
        await using var broker = await LocalKafka.StartAsync(1, Path.Combine(scratch.Path, "broker"), settings: "");
        Console.WriteLine($"events of about 1.5 KiB, each waited for; one broker on the same {Environment.ProcessorCount} CPUs, its disk that of the spool");
        Console.WriteLine($"{"what",-22} {"linger ms",9} {"parts",5} {"waiters",7} {"events/s",9} {"p50 ms",8} {"p99 ms",8} {"CPU µs/event",12} {"broker's",9}");
        foreach (var waiters in (int[])[1, 16, 64])
        {
            await using var embedded = await TemporaryLedger.OpenAsync(MadeLedger.OptionsIn(Path.Combine(scratch.Path, $"embedded{waiters}")), TimeProvider.System);
            await MeasureAsync("embedded", null, 1, waiters, seconds, broker, embedded.Ledger);
            await MeasureAsync(scratch, KafkaDurability.Disk, 0.5, 1, waiters, seconds, broker);
            foreach (var linger in Lingers)
            {
                await MeasureAsync(scratch, KafkaDurability.Quorum, linger, 1, waiters, seconds, broker);
                using var raw = new RawProducer(broker.Bootstrap, linger);
                await MeasureAsync("broker itself", linger, 1, waiters, seconds, broker, raw);
            }
        }

        foreach (var partitions in (int[])[1, 2, 4, 8])
        {
            await MeasureAsync(scratch, KafkaDurability.Quorum, 0.5, partitions, 64, seconds, broker);
            await MeasureAsync(scratch, KafkaDurability.Disk, 0.5, partitions, 64, seconds, broker);
        }

        return 0;
    }

    private static async Task MeasureAsync(Scratch scratch, KafkaDurability durable, double linger, int partitions, int waiters, int seconds, LocalKafka broker)
    {
        var ledger = TemporaryKafkaLedger.Open(new KafkaLedgerOptions
        {
            Folder = Path.Combine(scratch.Path, EventId.New(TimeProvider.System).ToString()),
            Bootstrap = broker.Bootstrap,
            TopicPrefix = EventId.New(TimeProvider.System) + ".",
            Instance = "bench",
            Partitions = partitions,
            Replication = 1,
            MinInSync = 1,
            Durable = durable,
            Linger = TimeSpan.FromMilliseconds(linger),
            HeartbeatInterval = TimeSpan.Zero,
        });
        await using (ledger)
        {
            await ledger.ReadyAsync();
            await MeasureAsync($"kafka {(durable == KafkaDurability.Disk ? "disk" : "quorum")}", linger, partitions, waiters, seconds, broker, ledger.Ledger);
            await ledger.SettledAsync();
        }
    }

    private static async Task MeasureAsync(string what, double? linger, int partitions, int waiters, int seconds, LocalKafka broker, ILedgerWriter writer)
    {
        await RunAsync(writer, waiters, TimeSpan.FromSeconds(0.5));
        var (cpu, brokerCpu) = (Environment.CpuUsage.TotalTime, ProcessFigures.CpuOfTree(broker.ProcessOf(0)));
        var began = Stopwatch.GetTimestamp();
        var sorted = await RunAsync(writer, waiters, TimeSpan.FromSeconds(seconds));
        var took = Stopwatch.GetElapsedTime(began).TotalSeconds;
        double PerEvent(TimeSpan time) => time.TotalMicroseconds / sorted.Length;
        Console.WriteLine(
            $"{what,-22} {(linger is { } ms ? $"{ms:0.0}" : "–"),9} {partitions,5} {waiters,7} {sorted.Length / took,9:0} {sorted[sorted.Length / 2],8:0.000} {sorted[sorted.Length * 99L / 100],8:0.000} " +
            $"{PerEvent(Environment.CpuUsage.TotalTime - cpu),12:0.0} {PerEvent(ProcessFigures.CpuOfTree(broker.ProcessOf(0)) - brokerCpu),9:0.0}");
    }

    private static async Task<double[]> RunAsync(ILedgerWriter writer, int waiters, TimeSpan time)
    {
        var end = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        return Load.Latencies.Merge(await Task.WhenAll(Enumerable.Range(0, waiters).Select(waiter => Task.Run(() => AppendUntilAsync(writer, waiter, end)))));
    }

    private static async Task<Load.Latencies> AppendUntilAsync(ILedgerWriter writer, int waiter, long end)
    {
        var latencies = new Load.Latencies();
        var (intended, _, time) = new MadeCalls(waiter, MadeLedger.Begin).Next();
        for (var at = Stopwatch.GetTimestamp(); at < end;)
        {
            using var draft = MadeCalls.Draft(intended, time, "bench", $"session-{waiter}");
            var appended = await writer.AppendAsync(draft, CancellationToken.None);
            var now = Stopwatch.GetTimestamp();
            if (!appended.IsDurable)
            {
                throw new InvalidOperationException($"The ledger took no event: {appended.Status}.");
            }

            latencies.Add(now - at);
            at = now;
        }

        return latencies;
    }

    /// <summary>Hands a draft's bytes to librdkafka and nothing else: what the broker's acknowledgement costs without a ledger.</summary>
    private sealed class RawProducer : ILedgerWriter, IDisposable
    {
        private readonly IProducer<Null, byte[]> _producer;
        private readonly string _topic = EventId.New(TimeProvider.System).ToString();

        public RawProducer(string bootstrap, double linger) => _producer = new ProducerBuilder<Null, byte[]>(new ProducerConfig
        {
            BootstrapServers = bootstrap,
            Acks = Acks.All,
            EnableIdempotence = true,
            LingerMs = linger,
            DeliveryReportFields = "none",
            EnableMetricsPush = false,
        }).Build();

        public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken)
        {
            var done = new TaskCompletionSource<Appended>(TaskCreationOptions.RunContinuationsAsynchronously);
            _producer.Produce(new TopicPartition(_topic, 0), new() { Value = draft.Tail.ToArray() }, report =>
                done.SetResult(new(report.Error.IsError ? AppendStatus.Unavailable : AppendStatus.Durable, LedgerPartition.Calls, report.Offset.Value)));
            return new(done.Task);
        }

        public void Dispose() => _producer.Dispose();
    }
}
