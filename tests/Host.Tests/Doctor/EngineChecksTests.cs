using McpLedger.Host.Doctor;
using McpLedger.Projections.Search.Elastic;

namespace McpLedger.Host.Tests.Doctor;

public sealed class EngineChecksTests
{
    [Fact]
    public async Task A_file_of_authorities_that_holds_none_is_a_finding()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "no certificate", TestContext.Current.CancellationToken);
        var node = new Uri("https://127.0.0.1:1");

        var finding = await EngineChecks.NodeAsync(new ElasticOptions { Nodes = [node], CaFile = file }, node, TestContext.Current.CancellationToken);

        Assert.Equal(("search", FindingLevel.Error), (finding.Check, finding.Level));
        Assert.Contains("search.ca", finding.Message, StringComparison.Ordinal);
        File.Delete(file);
    }
}
