using System.Diagnostics.Metrics;
using System.Text;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>What of a child's own log ours shows.</summary>
public sealed class StderrDrainTests
{
    private static readonly string[] Body = [.. Enumerable.Range(0, 40).Select(i => Convert.ToBase64String(System.Security.Cryptography.SHA384.HashData([(byte)i])))];

    [Fact]
    public async Task Of_a_private_key_in_lines_nothing_is_shown_whichever_lines_are()
    {
        var shown = await ShownAsync($"starting\n-----BEGIN RSA PRIVATE KEY-----\n{string.Join("\r\n", Body)}\n-----END RSA PRIVATE KEY-----\nready\n");

        Assert.Contains(shown, line => line.Contains("[secret:private-key]", StringComparison.Ordinal));
        Assert.All(Body, part => Assert.DoesNotContain(shown, line => line.Contains(part, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(480)]
    [InlineData(600)]
    public async Task A_secret_that_the_end_of_what_is_shown_parts_is_not_shown_in_part(int before)
    {
        var shown = Assert.Single(await ShownAsync($"{new string('.', before)} glpat-{Body[0].Replace('/', 'x').Replace('+', 'y')[..20]} ok\n"));

        Assert.DoesNotContain("glpat-", shown, StringComparison.Ordinal);
    }

    private static async Task<string[]> ShownAsync(string written)
    {
        var shown = new Shown();
        await using var services = new ServiceCollection().AddMetrics().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(shown)).BuildServiceProvider();
        var telemetry = new StdioTelemetry(services.GetRequiredService<ILogger<StdioTelemetry>>(), services.GetRequiredService<IMeterFactory>());
        await StderrDrain.RunAsync(new MemoryStream(Encoding.UTF8.GetBytes(written)), "demo", 1, telemetry, TimeProvider.System, CancellationToken.None);
        return [.. shown.Lines];
    }

    private sealed class Shown : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Trace)
            {
                Lines.Add(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
