using McpLedger.Contracts.Events;
using McpLedger.Stages.Detection;

namespace McpLedger.Stages.Tests.Detection;

public sealed class DetectionOptionsTests
{
    private static readonly DetectionOptions Options = new() { Folder = "data", Source = "/detection/test/1" };

    [Theory]
    [InlineData(1, 10_000, 1_000)]
    [InlineData(8, 10_000, 1_000)]
    [InlineData(7, 10_000, 1_000)]
    [InlineData(12, 1_000_000, 100_000)]
    public void What_all_partitions_remember_together_is_what_is_configured(int partitions, int sessions, int agents)
    {
        var each = (Options with { Limits = new() { MaxSessions = sessions, MaxAgents = agents } }).LimitsOfEach(Partitions(partitions));

        Assert.InRange(each.MaxSessions * partitions, sessions - partitions + 1, sessions);
        Assert.InRange(each.MaxAgents * partitions, agents - partitions + 1, agents);
    }

    [Fact]
    public void However_many_partitions_there_are_each_remembers_enough_to_watch_anybody()
    {
        var each = Options.LimitsOfEach(Partitions(1_000));

        Assert.Equal((256, 64), (each.MaxSessions, each.MaxAgents));
        var few = (Options with { Limits = new() { MaxSessions = 100, MaxAgents = 10 } }).LimitsOfEach(Partitions(8));
        Assert.Equal((100, 10), (few.MaxSessions, few.MaxAgents));
    }

    private static IEnumerable<LedgerPartition> Partitions(int calls) => Enumerable.Range(0, calls).Select(n => new LedgerPartition(LedgerLog.Calls, n)).Append(LedgerPartition.Control);
}
