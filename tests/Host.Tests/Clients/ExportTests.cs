using System.Text.Json.Nodes;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Tests.Clients;

public sealed class ExportTests
{
    private static JsonNode Export(string yaml, string client)
    {
        var config = ConfigReader.ReadText("/etc/mcpledger/mcpledger.yaml", "servers: { a: { url: 'http://h/mcp' } }\n" + yaml).Config!;
        return JsonNode.Parse(Host.Clients.Export.Write(config, client, ["a"], null))!["mcpServers"]!["a"]!;
    }

    [Theory]
    [InlineData("url: 'http://127.0.0.1:8377'", "http://127.0.0.1:8377/s/a/mcp")]
    [InlineData("url: 'http://localhost:8377'", "http://localhost:8377/s/a/mcp")]
    [InlineData("url: 'http://[::1]:8377'", "http://[::1]:8377/s/a/mcp")]
    [InlineData("url: 'http://0.0.0.0:8377'", "http://127.0.0.1:8377/s/a/mcp")]
    [InlineData("url: 'http://[::]:8377'", "http://127.0.0.1:8377/s/a/mcp")]
    [InlineData("url: 'http://gateway.internal:8377'", "http://127.0.0.1:8377/s/a/mcp")]
    [InlineData("url: 'http://0.0.0.0:8377', hosts: [mcp.example.com, 127.0.0.1]", "http://mcp.example.com:8377/s/a/mcp")]
    [InlineData("url: 'http://127.0.0.1:8377', hosts: [mcp.example.com, 127.0.0.1]", "http://127.0.0.1:8377/s/a/mcp")]
    [InlineData("url: 'http://127.0.0.1:8377', hosts: [mcp.example.com]", "http://mcp.example.com:8377/s/a/mcp")]
    public void Clients_are_led_to_a_host_that_the_gateway_answers_to(string listen, string address) =>
        Assert.Equal(address, Export($"listen: {{ {listen} }}", "generic")["url"]!.GetValue<string>());

    [Theory]
    [InlineData("off", true)]
    [InlineData("loopback", false)]
    public void A_client_that_starts_programs_is_shown_where_its_key_goes(string anonymous, bool isShown) =>
        Assert.Equal(isShown, Export($"principals: {{ anonymous: {anonymous} }}", "claude-desktop")["env"]?["MCPLEDGER_KEY"] is not null);
}
