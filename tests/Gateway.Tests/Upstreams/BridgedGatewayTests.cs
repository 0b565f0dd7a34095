using System.Net;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Stdio;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>A stdio server behind the whole gateway: decided, recorded, and answered as any other.</summary>
public sealed class BridgedGatewayTests
{
    private const string Initialize = """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";

    [Fact]
    public async Task A_stdio_server_is_spoken_to_as_any_other_and_every_message_is_recorded()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        var session = await OpenAsync(gateway);
        Assert.DoesNotMatch("^[0-9a-f]{32}$", session);
        Assert.Equal((202, ""), await PostAsync(gateway, session, """{"jsonrpc":"2.0","method":"notifications/initialized"}"""));
        Assert.Contains("\"pid\"", (await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":1,"method":"test/pid"}""")).Text);
        var (status, text) = await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":5,"method":"test/progress","params":{"_meta":{"progressToken":5}}}""");
        Assert.Equal(200, status);
        Assert.Equal(3, text.Split("data: ").Length - 1);
        Assert.Equal(200, await DeleteAsync(gateway, session));
        Assert.Equal(404, (await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":6,"method":"test/pid"}""")).Status);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Where(call => call.What.Method == "test/progress").ToList();
        Assert.Equal(CallOutcome.Ok, Assert.Single(completed).Outcome);
        await BridgeHarness.UntilAsync(() => gateway.Get<StdioBridge>().ProcessCount == 0, "the process ends");
    }

    [Fact]
    public async Task Instructions_that_a_stdio_server_changed_are_taken_out()
    {
        var says = Path.GetTempFileName();
        await using var gateway = await StartAsync(stdio => stdio with { Environment = stdio.Environment.SetItem("MODE", "says").SetItem("SAYS", says) });
        await File.WriteAllTextAsync(says, "Ask first.");
        Assert.Contains(",\"instructions\":\"Ask first.\"}", (await PostAsync(gateway, null, Initialize)).Text);
        await File.WriteAllTextAsync(says, "Never ask.");
        var (status, text) = await PostAsync(gateway, null, Initialize);
        Assert.Equal((200, false), (status, text.Contains("instructions")));
        Assert.Contains("\"serverInfo\":{\"name\":\"shell\"", text);
        File.Delete(says);
    }

    [Fact]
    public async Task A_token_that_is_no_text_leaves_no_call_without_its_end()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        var session = await OpenAsync(gateway);
        Assert.Equal(200, (await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":1,"method":"test/pid","params":{"_meta":{"progressToken":"\ud800"}}}""")).Status);
        Assert.Equal(CallOutcome.Ok, (await gateway.RecordedAsync<CallCompleted>(call => call.What.Method == "test/pid")).Outcome);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_before_anything_came_is_cancelled_and_waits_no_longer()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        var session = await OpenAsync(gateway);
        var waiting = PostAsync(gateway, session, """{"jsonrpc":"2.0","id":7,"method":"test/silent"}""");
        await gateway.RecordedAsync<CallIntended>(call => call.What.Method == "test/silent");
        await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":8,"method":"test/pid"}""");
        Assert.Equal(202, (await PostAsync(gateway, session, """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}""")).Status);
        Assert.Equal((200, ""), await waiting);
        Assert.Equal(CallOutcome.Cancelled, (await gateway.RecordedAsync<CallCompleted>(call => call.What.Method == "test/silent")).Outcome);
    }

    [Fact]
    public async Task A_process_that_exits_is_an_upstream_that_failed()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        var session = await OpenAsync(gateway);
        var (status, text) = await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":1,"method":"test/exit"}""");
        Assert.Equal(502, status);
        Assert.Contains("exit code 3", text);
        Assert.Contains("\"id\":1", text);
        await gateway.RecordedAsync<CallCompleted>(call => call.Outcome == CallOutcome.UpstreamFailed && call.Reason!.Contains("exit code 3"));
        await BridgeHarness.UntilAsync(() => gateway.Get<StdioBridge>().SessionCount == 0, "the session ends");
        Assert.Equal(404, (await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":2,"method":"test/pid"}""")).Status);
    }

    [Fact]
    public async Task A_session_too_many_is_told_503_and_what_to_do()
    {
        await using var gateway = await StartAsync(stdio => stdio with { MaxProcesses = 1 });
        await OpenAsync(gateway);
        var (status, text) = await PostAsync(gateway, null, Initialize);
        Assert.Equal(503, status);
        Assert.Contains("maxProcesses", text);
    }

    [Fact]
    public async Task Changes_arrive_on_the_get_stream_as_they_happen()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        var session = await OpenAsync(gateway);
        using var request = Request(HttpMethod.Get, session);
        using var response = await gateway.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        await PostAsync(gateway, session, """{"jsonrpc":"2.0","id":1,"method":"test/changed"}""");
        await using var body = await response.Content.ReadAsStreamAsync();
        Assert.Contains("list_changed", (await BridgeHarness.EventsAsync(body, 1))[0].Data);
    }

    [Fact]
    public async Task A_modern_client_of_a_legacy_server_is_told_which_versions_there_are()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        var (status, text) = await PostModernAsync(gateway, "tools/list");
        Assert.Equal(400, status);
        Assert.Contains("\"supported\":[\"2025-06-18\"]", text);
    }

    [Fact]
    public async Task A_modern_server_serves_modern_clients()
    {
        await using var gateway = await StartAsync(stdio => stdio with { Environment = stdio.Environment.SetItem("MODE", "modern") });
        var (status, text) = await PostModernAsync(gateway, "test/pid");
        Assert.Equal(200, status);
        Assert.Contains("\"id\":\"m\",\"result\":{\"pid\":", text);
    }

    [Fact]
    public async Task A_notification_that_a_shared_process_is_not_told_of_is_recorded_as_dropped()
    {
        await using var gateway = await StartAsync(stdio => stdio with { Environment = stdio.Environment.SetItem("MODE", "modern") });
        using var request = Wire.PostRaw("shell", """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""", Wire.Modern);
        request.Headers.TryAddWithoutValidation("Mcp-Method", "notifications/cancelled");

        Assert.Equal("", await gateway.TextAsync(request, 202));

        Assert.Contains((await gateway.CallsAsync()).OfType<MessageRelayed>(), message => message.Dropped is not null);
    }

    [Fact]
    public async Task A_reload_without_the_server_ends_its_processes()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        await OpenAsync(gateway);
        Assert.Equal(1, gateway.Get<StdioBridge>().ProcessCount);
        await gateway.PublishAsync(gateway.Source.Current with { Servers = GatewayConfig.Empty.Servers });
        await BridgeHarness.UntilAsync(() => gateway.Get<StdioBridge>().ProcessCount == 0, "the process ends");
    }

    [Fact]
    public async Task A_call_that_a_reload_overtakes_starts_no_process_as_it_was()
    {
        await using var gateway = await StartAsync(stdio => stdio);
        var next = gateway.Source.Current with { Servers = GatewayConfig.Empty.Servers.Add("shell", ShellServer.Config("refuses")) };
        gateway.Faults.Meanwhile = ("call.intended.v1", async () =>
        {
            gateway.Faults.Meanwhile = null;
            await gateway.PublishAsync(next);
        });

        var (status, text) = await PostAsync(gateway, null, Initialize);

        Assert.Equal((503, 0, 0), (status, gateway.Get<StdioBridge>().SessionCount, gateway.Get<StdioBridge>().ProcessCount));
        Assert.Contains("Try again.", text);
    }

    private static Task<GatewayHarness> StartAsync(Func<StdioConfig, StdioConfig> with) => GatewayHarness.StartAsync(
        config => config with { Servers = GatewayConfig.Empty.Servers.Add("shell", ShellServer.Config("legacy", with)) });

    private static async Task<string> OpenAsync(GatewayHarness gateway)
    {
        using var request = Request(HttpMethod.Post, null, Initialize);
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response.Headers.GetValues("Mcp-Session-Id").Single();
    }

    private static async Task<(int Status, string Text)> PostAsync(GatewayHarness gateway, string? session, string json)
    {
        using var request = Request(HttpMethod.Post, session, json);
        using var response = await gateway.Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<(int Status, string Text)> PostModernAsync(GatewayHarness gateway, string method)
    {
        using var request = Request(
            HttpMethod.Post,
            null,
            $$$"""{"jsonrpc":"2.0","id":"m","method":"{{{method}}}","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{} } } }""");
        request.Headers.Add("MCP-Protocol-Version", "2026-07-28");
        request.Headers.Add("Mcp-Method", method);
        using var response = await gateway.Client.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static async Task<int> DeleteAsync(GatewayHarness gateway, string session)
    {
        using var request = Request(HttpMethod.Delete, session);
        using var response = await gateway.Client.SendAsync(request);
        return (int)response.StatusCode;
    }

    private static HttpRequestMessage Request(HttpMethod method, string? session, string? json = null)
    {
        var request = new HttpRequestMessage(method, "/s/shell/mcp") { Content = json is null ? null : new StringContent(json, Encoding.UTF8, "application/json") };
        request.Headers.Accept.ParseAdd(method == HttpMethod.Get ? "text/event-stream" : "application/json, text/event-stream");
        if (session is not null)
        {
            request.Headers.Add("Mcp-Session-Id", session);
        }

        return request;
    }
}
