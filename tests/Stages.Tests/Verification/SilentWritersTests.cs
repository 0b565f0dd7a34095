using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Stages.Verification;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Stages.Tests.Verification;

/// <summary>Writers that nobody hears of any more.</summary>
public sealed class SilentWritersTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);
    private readonly SilentWriters _writers = new();
    private long _offset;

    [Fact]
    public void One_that_falls_silent_while_another_goes_on_is_named_with_its_last_sign()
    {
        Says("gw-1/0/calls-0", 0, new WriterStarted("1", "a", "strict"));
        Says("gw-2/0/calls-0", 0, new WriterStarted("1", "b", "strict"));
        Says("gw-2/0/calls-0", 10, new Heartbeat(4, 4, 4, 0));
        Says("gw-1/0/calls-0", 300, new Heartbeat(9, 9, 9, 0));

        var finding = Assert.Single(Told());
        Assert.Equal((VerificationChecks.WriterSilent, VerificationSeverity.Fact, 2L), (finding.Check, finding.Severity, finding.Offset));
        Assert.Contains("gw-2/0/calls-0", finding.Expected, StringComparison.Ordinal);
        Assert.Contains("mcpledger spool ship", finding.Found, StringComparison.Ordinal);
    }

    [Fact]
    public void One_that_said_its_last_word_and_one_that_came_back_are_not()
    {
        Says("gw-2/0/calls-0", 0, new Heartbeat(1, 1, 1, 0));
        Says("gw-2/0/calls-0", 5, new WriterStopped(2));
        Says("gw-3/0/calls-0", 6, new Heartbeat(1, 1, 1, 0));
        Says("gw-3/1/calls-0", 290, new WriterStarted("1", "c", "strict"));
        Says("gw-1/0/calls-0", 300, new Heartbeat(9, 9, 9, 0));

        Assert.Empty(Told());
    }

    [Fact]
    public void The_last_to_write_is_not_silent_and_neither_is_who_missed_a_beat()
    {
        Says("gw-2/0/calls-0", 250, new Heartbeat(1, 1, 1, 0));
        Says("gw-1/0/calls-0", 300, new Heartbeat(9, 9, 9, 0));

        Assert.Empty(Told());
    }

    private List<VerificationFinding> Told()
    {
        List<VerificationFinding> findings = [];
        _writers.Tell(findings);
        return findings;
    }

    private void Says(string chain, int second, EventData data)
    {
        var writer = new ChainWriter(chain, default);
        using var draft = EventDraft.Write(EventId.New(TimeProvider.System), "/gateway/x/0", Noon.AddSeconds(second), null, LedgerLog.Calls, null, data);
        var record = new byte[writer.MaxLength(draft.Tail.Length)];
        _writers.Take(LedgerPartition.Calls, _offset++, record.AsSpan(0, writer.Compose(record, draft.Tail.Span)));
    }
}
