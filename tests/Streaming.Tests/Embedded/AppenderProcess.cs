using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

/// <summary>
/// This test program started once more as a process that appends from sixteen sides and tells each append that was answered durable:
/// something to kill. It is told apart by an environment variable, before the test runner begins.
/// </summary>
internal sealed class AppenderProcess : IDisposable
{
    private const string FolderVariable = "MCPLEDGER_TEST_APPENDER";
    private const string KafkaVariable = "MCPLEDGER_TEST_APPENDER_KAFKA";

    private readonly Process _process;

    private AppenderProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static AppenderProcess Start(string folder) => Start(folder, kafka: "");

    /// <summary>Starts one that appends to a ledger in Kafka.</summary>
    public static AppenderProcess Start(KafkaLedgerOptions options) => Start(options.Folder, $"{options.Bootstrap} {options.TopicPrefix} {options.Durable}");

    /// <summary>The next append that the process was told is durable: its offset and event id; null when the process has ended.</summary>
    public async Task<(long Offset, EventId Id)?> NextAsync() =>
        await _process.StandardOutput.ReadLineAsync() is { } line && line.Split(' ') is [var offset, var text, "."] && EventId.TryParse(text, out var id)
            ? (long.Parse(offset, CultureInfo.InvariantCulture), id)
            : null;

    /// <summary>Ends it as a power switch would end the program: SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static AppenderProcess Start(string folder, string kafka)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment[FolderVariable] = folder;
        start.Environment[KafkaVariable] = kafka;
        return new(Process.Start(start)!);
    }

    [ModuleInitializer]
    internal static void AppendWhereAsked()
    {
        if (Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } folder)
        {
            // In another assembly, because other threads wait for this one's initializer.
            var appending = Environment.GetEnvironmentVariable(KafkaVariable)?.Split(' ') is [var bootstrap, var prefix, var durable]
                ? EndlessAppends.RunAsync(TemporaryKafkaLedger.SmallIn(folder) with { Bootstrap = bootstrap, TopicPrefix = prefix, Durable = Enum.Parse<KafkaDurability>(durable) })
                : EndlessAppends.RunAsync(folder);
            appending.GetAwaiter().GetResult();
        }
    }
}
