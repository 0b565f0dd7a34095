using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;

namespace McpLedger.Stages.Tests.Verification;

public sealed class IntegrityMeasureTests(ITestOutputHelper output)
{
    [Fact]
    public async Task The_measure_seals_and_verifies_what_it_says()
    {
        var records = int.TryParse(Environment.GetEnvironmentVariable("MCPLEDGER_MEASURE_RECORDS"), out var asked) ? asked : 600;
        using var sealing = new Testing.Ledgers.TemporaryFolder();
        var writer = new Sealing.Writer("bench", LedgerPartition.Calls);
        var made = writer.Write(records, new string('x', 1100));

        var rate = IntegrityMeasure.Seal(sealing.Path, made);
        Assert.Equal(records, rate.Records);
        output.WriteLine("sealer: " + rate);

        var folder = Path.Combine(sealing.Path, "ledger", "calls-0");
        Directory.CreateDirectory(folder);
        SealedLedger.WriteSegment(Path.Combine(folder, new string('0', 20) + ".seg"), made);
        var vkey = await File.ReadAllTextAsync(Path.Combine(sealing.Path, "keys", "calls-0.vkey"));
        Assert.True(VerifierKey.TryParse(vkey.Trim(), out var key));
        var (verified, report) = IntegrityMeasure.Verify(sealing.Path, key!);
        Assert.True(report.IsSound, string.Join('\n', report.Findings));
        Assert.Equal(records, verified.Records);
        output.WriteLine("verifier: " + verified);
    }
}
