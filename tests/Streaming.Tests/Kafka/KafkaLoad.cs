using System.Collections.Concurrent;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>Appends from several sides while something happens to the cluster, and afterwards holds what was answered against what stands there.</summary>
internal sealed class KafkaLoad : IAsyncDisposable
{
    private const int Appenders = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<EventId, bool> _acknowledged = new();
    private readonly Task _running;
    private int _refused;

    /// <param name="ledger">Where to.</param>
    /// <param name="longestDetail">Longest detail of an event. A mock cluster keeps 5 MiB of a partition and drops what is older: short ones keep all of a test in it.</param>
    public KafkaLoad(TemporaryKafkaLedger ledger, int longestDetail = 2000) =>
        _running = Task.WhenAll(Enumerable.Range(0, Appenders).Select(n => Task.Run(() => AppendAsync(ledger, n, longestDetail))));

    /// <summary>Appends that were answered durable.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>Appends that were refused.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>Returns once so many more were answered durable.</summary>
    public async Task MoreAsync(int appends)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        for (var goal = Acknowledged + appends; Acknowledged < goal;)
        {
            await Task.Delay(10, patience.Token);
        }
    }

    /// <summary>Ends the load and waits for what is under way.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running;
    }

    /// <summary>Every acknowledged event is there, none twice; every chain is dense and linked.</summary>
    public Task<int> HoldsAsync(ILedgerReader reader) => HoldsAsync(reader, _acknowledged.Keys);

    /// <summary>
    /// The same where a mock cluster lost connections: it keeps no sequence numbers of producers (KIP-98), so what librdkafka sends again because the answer was lost is stored again.
    /// Such a record is the very same bytes; real brokers, which know better, are held to none.
    /// </summary>
    public Task<int> HoldsButForRepeatsAsync(ILedgerReader reader) => HoldsAsync(reader, _acknowledged.Keys, mayRepeat: true);

    /// <summary>Every one of these events is there, none twice; every chain is dense and linked.</summary>
    /// <returns>How many records there are.</returns>
    public static Task<int> HoldsAsync(ILedgerReader reader, IEnumerable<EventId> acknowledged) => HoldsAsync(reader, acknowledged, mayRepeat: false);

    private static async Task<int> HoldsAsync(ILedgerReader reader, IEnumerable<EventId> acknowledged, bool mayRepeat)
    {
        var there = new Dictionary<EventId, Digest>();
        foreach (var partition in reader.Partitions)
        {
            var faults = new List<ChainFault>();
            var chains = new ChainVerifier(fromTheBeginning: true);
            foreach (var record in await TemporaryLedger.ReadAllAsync(reader, partition, 0))
            {
                Assert.True(EventReader.TryReadChain(record.Bytes.Span, out _, out var id));
                if (there.TryGetValue(id, out var first))
                {
                    Assert.True(mayRepeat && first == Digest.Of(record.Bytes.Span), $"{id} stands in {partition} twice");
                    continue;
                }

                there.Add(id, Digest.Of(record.Bytes.Span));
                chains.Feed(LedgerLeaf.Of(partition, record.Offset, record.Bytes.Span, out var prev), prev, faults);
            }

            chains.Settle(faults);
            Assert.Empty(faults);
        }

        Assert.Empty(acknowledged.Where(id => !there.ContainsKey(id)));
        return there.Count;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
    }

    private async Task AppendAsync(TemporaryKafkaLedger ledger, int side, int longestDetail)
    {
        var random = new Random(side);
        while (!_stop.IsCancellationRequested)
        {
            using var deadline = new CancellationTokenSource(Patience);
            try
            {
                var (id, appended) = await ledger.AppendAsync($"session-{random.Next(16)}", new string('k', random.Next(longestDetail)), deadline.Token);
                if (appended.IsDurable)
                {
                    _acknowledged[id] = true;
                }
                else
                {
                    Interlocked.Increment(ref _refused);
                    await Task.Delay(20, CancellationToken.None);
                }
            }
            catch (OperationCanceledException)
            {
                // What became of it is not known, as a gateway would say.
            }
        }
    }
}
