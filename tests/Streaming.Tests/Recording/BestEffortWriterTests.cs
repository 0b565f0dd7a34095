using McpLedger.Contracts.Events;
using McpLedger.Streaming.Recording;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Streaming.Tests.Recording;

public sealed class BestEffortWriterTests
{
    [Fact]
    public async Task Nobody_waits_and_what_is_lost_is_counted_and_told()
    {
        var told = new ToldLines();
        await using var services = new ServiceCollection()
            .AddLogging(logging => logging.AddProvider(told)).AddMetrics().AddSingleton(TimeProvider.System).AddSingleton<BestEffortTelemetry>().BuildServiceProvider();
        await using var ledger = await TemporaryLedger.OpenAsync();
        var counters = new LedgerCounters();
        var writer = new BestEffortWriter(ledger.Ledger, counters, services.GetRequiredService<BestEffortTelemetry>());
        for (var i = 0; i < 10; i++)
        {
            using var draft = TemporaryLedger.Draft(LedgerLog.Calls, "quick");
            var append = writer.AppendAsync(draft, CancellationToken.None).AsTask();
            Assert.True(append.IsCompletedSuccessfully);
        }

        await ledger.CloseAsync();
        Assert.Equal(0, counters.Dropped);
        Assert.Equal(12, (await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0)).Count);
        for (var i = 0; i < 5; i++)
        {
            using var draft = TemporaryLedger.Draft(LedgerLog.Calls, "too late");
            await writer.AppendAsync(draft, CancellationToken.None);
        }

        Assert.Equal(5, counters.Dropped);
        Assert.Contains("loses events (Unavailable): 1 ", Assert.Single(told.Lines));
    }

    private sealed class ToldLines : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public ILogger CreateLogger(string categoryName) => this;

        public void Dispose()
        {
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));
    }
}
