using McpLedger.Benchmarks.Crash;
using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Ledgers;

namespace McpLedger.EndToEnd.Tests;

/// <summary>kill -9 under load: 5 times here, 50 times with <c>./test.sh --all</c> or <c>./bench.sh crash</c>.</summary>
[Collection(BackstageCollection.Name)]
public sealed class CrashTests
{
    private static readonly int Kills = Environment.GetEnvironmentVariable("MCPLEDGER_LONG") is null ? 5 : 50;

    [Fact]
    public async Task After_every_kill_each_answer_that_was_received_has_its_events()
    {
        using var folder = new TemporaryFolder();
        var report = await new CrashRun(Kills, connections: 8, seed: Environment.ProcessId).RunAsync(folder.Path);

        Assert.Empty(report.Faults);
        Assert.True(report.Answered > 0 && report.Refused > 0, $"{report}");
    }
}
