using McpLedger.EndToEnd.Tests.Stage;

namespace McpLedger.EndToEnd.Tests;

/// <summary>Metrics, traces and logs leave the product over OTLP, under the names of the conventions.</summary>
[Collection(BackstageCollection.Name)]
public sealed class TelemetryExportTests(Backstage backstage)
{
    [Fact]
    public async Task A_collector_receives_metrics_traces_and_logs_under_the_conventions_names()
    {
        await using var collector = await OtlpReceiver.StartAsync();
        await using var gateway = await GatewayUnderTest.StartAsync($"telemetry: {{ otlp: \"{collector.Address}\" }}\n" + GatewayUnderTest.ConfigFor("sample", backstage.Sample));
        using var wire = gateway.Wire("sample");
        await wire.CallAsync(1, "count_words", """{"text":"one two"}""");

        // What waits to be sent is sent at the end.
        await gateway.Instance.Process.StopAsync();

        Assert.Contains("mcp.server.operation.duration", collector.Metrics);
        Assert.Contains("http.server.request.duration", collector.Metrics);
        Assert.Contains("mcpledger.projections.events", collector.Metrics);
        var span = Assert.Single(collector.Spans, s => s.Name == "tools/call count_words");
        foreach (var attribute in new[] { "mcp.method.name", "mcp.protocol.version", "gen_ai.tool.name", "gen_ai.operation.name", "mcpledger.call" })
        {
            Assert.Contains(attribute, span.Attributes);
        }

        Assert.Contains(collector.Logs, l => l.Contains("is in force", StringComparison.Ordinal));
        Assert.Contains(collector.Logs, l => l.StartsWith("Ledger ", StringComparison.Ordinal) && l.Contains("is open", StringComparison.Ordinal));
        Assert.All(collector.Services, s => Assert.Equal("mcpledger", s));
    }
}
