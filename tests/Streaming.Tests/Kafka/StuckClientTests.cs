using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Streaming.Tests.Kafka;

/// <summary>A client of librdkafka that does not come back from a call, as when its threads have locked each other out: here a callback holds it.</summary>
public sealed class StuckClientTests : IDisposable
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(1);

    private readonly MockCluster _cluster = new(1);
    private readonly HoldingLogger _logger = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public void Dispose()
    {
        _logger.Released.Set();
        _services.Dispose();
        _cluster.Dispose();
    }

    [Fact]
    public async Task A_reader_whose_client_does_not_come_back_goes_on_with_another()
    {
        await using var ledger = TemporaryKafkaLedger.Open(_cluster.Hold);
        await ledger.ReadyAsync();
        await using var reader = new KafkaLedgerReader(ledger.Options with { AnswerTimeout = Soon }, Telemetry(), TimeProvider.System);
        var first = await UntilReadAsync(reader);
        _logger.Holds = true;
        _cluster.SetDown(1, down: true);

        var waiting = reader.WaitAsync(LedgerPartition.Calls, first.Offset + 100, TestContext.Current.CancellationToken).AsTask();

        Assert.Contains("has not come back", (await Assert.ThrowsAsync<IOException>(() => waiting)).Message, StringComparison.Ordinal);
        _logger.Holds = false;
        _cluster.SetDown(1, down: false);
        Assert.Equal(first.Offset, (await UntilReadAsync(reader)).Offset);
        Assert.False(_logger.Released.IsSet);
    }

    [Fact]
    public async Task A_member_whose_client_does_not_come_back_joins_again_with_another_and_works_once()
    {
        await using var ledger = TemporaryKafkaLedger.Open(_cluster.Hold);
        await ledger.ReadyAsync();
        var running = 0;
        var most = 0;
        var begun = 0;
        var member = new PartitionAssignments(ledger.Options, "stuck", async (_, cancellationToken) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref running));
            Interlocked.Increment(ref begun);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Interlocked.Decrement(ref running);
        }, TimeSpan.FromSeconds(1), Telemetry(), TimeProvider.System);
        using var stop = new CancellationTokenSource();
        var joined = member.RunAsync(stop.Token);
        await ledger.UntilAsync(() => member.Assigned.Count == 2);
        _logger.Holds = true;
        _cluster.SetDown(1, down: true);
        await ledger.UntilAsync(() => member.Assigned.Count == 0);
        _logger.Holds = false;
        _cluster.SetDown(1, down: false);
        await ledger.UntilAsync(() => member.Assigned.Count == 2);

        // What it was held by lets go: it leaves, and nothing that is the other's ends.
        _logger.Released.Set();
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        Assert.Equal(2, member.Assigned.Count);
        await stop.CancelAsync();
        await joined;
        Assert.Equal((2, 0, true), (most, running, begun >= 4));
    }

    private static async Task<LedgerRecord> UntilReadAsync(KafkaLedgerReader reader)
    {
        while (true)
        {
            try
            {
                return (await reader.ReadAsync(LedgerPartition.Calls, 0, 1, TestContext.Current.CancellationToken)).Records[0];
            }
            catch (IOException)
            {
                await Task.Delay(50, TestContext.Current.CancellationToken);
            }
        }
    }

    private KafkaTelemetry Telemetry() => new(_services.GetRequiredService<IMeterFactory>(), _logger);

    /// <summary>Holds whoever tells of a trouble of the cluster.</summary>
    private sealed class HoldingLogger : ILogger<KafkaTelemetry>
    {
        private volatile bool _holds;

        public bool Holds
        {
            get => _holds;
            set => _holds = value;
        }

        public ManualResetEventSlim Released { get; } = new();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // An error of the client, which tells of it on the thread that polls.
            if (_holds && eventId.Id is 2108 or 2109)
            {
                Released.Wait();
            }
        }
    }
}
