using McpLedger.Host.Running;
using Microsoft.Extensions.Logging;

namespace McpLedger.Host.Tests.Running;

public sealed class RoomLogsTests
{
    [Fact]
    public void What_was_said_before_anything_could_be_sent_is_sent_then_and_in_its_order()
    {
        using var logs = new RoomLogs();
        using var sent = new Sent();
        var line = logs.CreateLogger("Ledger");

        Say(line, "opens");
        Say(line, "is open");
        logs.ForwardTo(sent);
        Say(line, "closes");

        Assert.Equal(["Ledger: opens", "Ledger: is open", "Ledger: closes"], sent.Lines);
    }

    [Fact]
    public void Where_nothing_is_sent_nothing_is_kept()
    {
        using var logs = new RoomLogs();
        using var sent = new Sent();
        Say(logs.CreateLogger("Ledger"), "is open");

        logs.ForwardTo((ILoggerProvider?)null);
        logs.ForwardTo(sent);

        Assert.Empty(sent.Lines);
    }

    private static void Say(ILogger line, string what) => line.Log(LogLevel.Information, 1, what, null, static (state, _) => state);

    private sealed class Sent : ILoggerProvider
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => new Line(Lines, categoryName);

        public void Dispose()
        {
        }

        private sealed class Line(List<string> lines, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                lines.Add($"{category}: {formatter(state, exception)}");
        }
    }
}
