using McpLedger.Benchmarks.Conformance;
using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Processes;

namespace McpLedger.EndToEnd.Tests;

/// <summary>The conformance suite and the npm servers, where Node's packages are to be had.</summary>
[Collection(BackstageCollection.Name)]
public sealed class RealServerTests
{
    private const string NoNode = "the npm packages are not installed (tests/install-node.sh says why)";

    [Theory]
    [InlineData(ServerComparison.Legacy)]
    [InlineData(ServerComparison.Modern)]
    public async Task Every_scenario_that_is_green_directly_is_green_through_the_gateway(string revision)
    {
        Assert.SkipWhen(Built.NodeTools is null, NoNode);
        using var folder = new TemporaryFolder();
        await using var servers = await ServerComparison.StartAsync(folder.Path);
        var compared = await servers.RunAsync(revision);

        Assert.NotEmpty(compared);
        Assert.Empty(compared.Where(each => !each.IsKept).Select(each => each.Direct.Scenario));
    }

    [Fact]
    public async Task Headers_are_checked_in_front_of_a_server_that_does_not()
    {
        Assert.SkipWhen(Built.NodeTools is null, NoNode);
        using var folder = new TemporaryFolder();
        await using var servers = await ServerComparison.StartAsync(folder.Path);
        var lax = await servers.RunLaxAsync();

        Assert.False(lax.Direct.IsGreen);
        Assert.True(lax.Through.IsGreen);
    }

    [Fact]
    public async Task Npm_servers_over_stdio_answer_as_without_the_gateway()
    {
        Assert.SkipWhen(Built.NodeTools is null, NoNode);
        using var folder = new TemporaryFolder();

        Assert.Empty(await RealServers.CompareAsync(folder.Path));
    }
}
