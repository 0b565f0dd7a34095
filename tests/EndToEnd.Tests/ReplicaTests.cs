using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Ledgers;

namespace McpLedger.EndToEnd.Tests;

/// <summary>Two gateways with ledgers of their own and one key file: any of them serves any session.</summary>
[Collection(BackstageCollection.Name)]
public sealed class ReplicaTests(Backstage backstage)
{
    private const string Initialize =
        """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"replicas","version":"1"}}}""";

    [Fact]
    public async Task A_session_that_one_replica_opened_is_served_by_the_other_in_turn()
    {
        using var shared = new TemporaryFolder();
        await using var one = await GatewayUnderTest.StartAsync(Config(shared));
        await using var other = await GatewayUnderTest.StartAsync(Config(shared));
        using var wires = new RoundRobin(one.Wire("fixture"), other.Wire("fixture"));

        var opened = await wires.Next.SendAsync(Initialize);
        var session = ("Mcp-Session-Id", Assert.Single(opened.Headers.GetValues("Mcp-Session-Id")));
        var version = ("MCP-Protocol-Version", "2025-11-25");
        Assert.Equal(202, (await wires.Next.SendAsync("""{"jsonrpc":"2.0","method":"notifications/initialized"}""", session, version)).Status);
        for (var id = 2; id < 10; id++)
        {
            var answer = await wires.Next.SendAsync($$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"tools/call","params":{"name":"test_simple_text","arguments":{ } } }""", session, version);
            Assert.Equal(200, answer.Status);
            Assert.Equal(id, (int)answer.Message["id"]!);
            Assert.NotNull(answer.Message["result"]);
        }
    }

    [Fact]
    public async Task A_session_id_that_nobody_sealed_is_not_found()
    {
        using var wire = (await backstage.VisitAsync()).Wire("fixture");
        var answer = await wire.SendAsync("""{"jsonrpc":"2.0","id":2,"method":"tools/list"}""", ("Mcp-Session-Id", "made-up"), ("MCP-Protocol-Version", "2025-11-25"));

        Assert.Equal(404, answer.Status);
    }

    private string Config(TemporaryFolder shared) =>
        $"{GatewayUnderTest.ConfigFor("fixture", new(backstage.Fixture, "/mcp"))}sessions:\n  key: {Path.Combine(shared.Path, "sessions.key")}\n";

    private sealed class RoundRobin(params Wire[] wires) : IDisposable
    {
        private int _turn;

        public Wire Next => wires[_turn++ % wires.Length];

        public void Dispose() => Array.ForEach(wires, wire => wire.Dispose());
    }
}
