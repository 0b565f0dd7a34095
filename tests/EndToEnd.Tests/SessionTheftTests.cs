using System.Text.Json.Nodes;
using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Processes;

namespace McpLedger.EndToEnd.Tests;

/// <summary>A session id is bound to the principal that it was given to: having it is not being it.</summary>
[Collection(BackstageCollection.Name)]
public sealed class SessionTheftTests(Backstage backstage)
{
    private const string Initialize =
        """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"theft","version":"1"}}}""";

    [Fact]
    public async Task A_session_of_another_principal_is_refused_and_still_serves_its_owner()
    {
        var config = GatewayUnderTest.ConfigFor("fixture", new(backstage.Fixture, "/mcp")).Replace("principals: [anonymous]", "principals: [alice, mallory]", StringComparison.Ordinal);
        await using var gateway = await GatewayUnderTest.StartAsync(config);
        using var alice = new Wire(gateway.Instance.Endpoint("fixture")) { Key = await KeyAsync(gateway.Instance, "alice") };
        using var mallory = new Wire(gateway.Instance.Endpoint("fixture")) { Key = await KeyAsync(gateway.Instance, "mallory") };
        using var nobody = gateway.Wire("fixture");

        var opened = await alice.SendAsync(Initialize);
        var session = ("Mcp-Session-Id", Assert.Single(opened.Headers.GetValues("Mcp-Session-Id")));
        var version = ("MCP-Protocol-Version", "2025-11-25");
        const string List = """{"jsonrpc":"2.0","id":2,"method":"tools/list"}""";

        Assert.InRange((await mallory.SendAsync(List, session, version)).Status, 403, 404);
        Assert.InRange((await nobody.SendAsync(List, session, version)).Status, 401, 404);
        Assert.Equal(200, (await alice.SendAsync(List, session, version)).Status);
    }

    private static async Task<string> KeyAsync(McpLedgerInstance instance, string principal)
    {
        var (code, output) = await instance.RunAsync("keys", "create", "--principal", principal, "--json");
        Assert.True(code == 0, output);
        return (string)JsonNode.Parse(output)!["secret"]!;
    }
}
