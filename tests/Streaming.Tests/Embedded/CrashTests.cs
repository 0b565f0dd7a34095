using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Embedded;

public sealed class CrashTests(ITestOutputHelper output)
{
    private const string KillsVariable = "MCPLEDGER_KILLS";
    private const int ShortRun = 20;

    [Fact]
    public async Task What_was_answered_durable_before_a_kill_is_there_after_it()
    {
        var kills = int.TryParse(Environment.GetEnvironmentVariable(KillsVariable), CultureInfo.InvariantCulture, out var asked) ? asked : ShortRun;
        using var folder = new TemporaryFolder();
        var random = new Random(20261124);
        var acknowledged = new Dictionary<long, EventId>();
        for (var kill = 0; kill < kills; kill++)
        {
            using var child = AppenderProcess.Start(folder.Path);
            var before = acknowledged.Count;
            var dieAfter = random.Next(1, 2000);
            while (await child.NextAsync() is { } told)
            {
                acknowledged.Add(told.Offset, told.Id);
                if (acknowledged.Count - before == dieAfter)
                {
                    child.Kill();
                }
            }

            Assert.True(acknowledged.Count - before >= dieAfter, "the appending process died by itself");
        }

        await using var ledger = await TemporaryLedger.OpenAsync(TemporaryLedger.SmallIn(folder.Path), TimeProvider.System);
        Assert.Equal(LedgerStatus.Ready, ledger.Ledger.Health.Status);
        Assert.Equal(kills + 1, ledger.Ledger.Identity.Epoch);
        var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, 0);
        ChainAssert.Holds(records);
        foreach (var (offset, id) in acknowledged)
        {
            Assert.True(EventReader.TryReadChain(records[(int)offset].Bytes.Span, out _, out var stored));
            Assert.Equal(id, stored);
        }

        output.WriteLine($"{kills} kills, {acknowledged.Count} acknowledged appends all present, {records.Count} records in {ledger.Ledger.ListSegments(LedgerPartition.Calls).Count} segments");
    }
}
