using System.Collections.Immutable;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.LegacySse;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;
using static McpLedger.Gateway.Tests.Upstreams.BridgeHarness;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class LegacySseTests : IAsyncDisposable
{
    private const string Initialize = """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""";
    private readonly List<string> _posted = [];
    private readonly List<string> _headers = [];
    private readonly List<TaskCompletionSource> _drops = [];
    private WebApplication? _server;
    private HttpResponse? _stream;
    private Action? _opening;
    private int _opened;
    private int _closed;

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_session_is_a_stream_of_its_own_and_answers_come_back_as_they_were_sent()
    {
        await using var gateway = await StartAsync("/messages?session=s1");
        var session = await gateway.OpenAsync();
        Assert.Equal("{ \"id\" : 7 ,\"result\":{ \"x\" : 1.0 }, \"jsonrpc\":\"2.0\" }", await TextAsync(await gateway.CallAsync(session, 7, "test/spaced")));
        Assert.Equal(2, _posted.Count);
        Assert.Equal(Initialize, _posted[0]);
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task Progress_and_server_requests_come_in_the_requests_stream_and_changes_in_the_sessions()
    {
        await using var gateway = await StartAsync("messages?session=s1");
        var session = await gateway.OpenAsync();
        var events = await EventsAsync((await gateway.CallAsync(session, 5, "test/progress")).Body!, 3);
        Assert.Contains("notifications/progress", events[0].Data);
        Assert.Contains("roots/list", events[1].Data);
        Assert.Contains("\"id\":5,\"result\"", events[2].Data);
        Assert.Contains("list_changed", (await EventsAsync((await gateway.SendAsync("GET", session, null)).Body!, 1))[0].Data);
    }

    [Fact]
    public async Task Our_own_credentials_go_with_the_stream_and_with_every_message()
    {
        await using var gateway = await StartAsync("/messages");
        var session = await gateway.OpenAsync();
        await gateway.PostAsync(session, """{"jsonrpc":"2.0","method":"notifications/initialized"}""");
        Assert.Equal(["Bearer ours", "Bearer ours", "Bearer ours"], _headers);
    }

    [Theory]
    [InlineData("http://169.254.169.254/latest/meta-data")]
    [InlineData("//evil.example/messages")]
    [InlineData("https://upstream/messages")]
    [InlineData("http://upstream:8080/messages")]
    [InlineData("http://user:secret@upstream/messages")]
    [InlineData("file:///etc/passwd")]
    [InlineData("http://upstream.evil.example/messages")]
    public async Task An_endpoint_that_is_not_the_servers_own_is_never_used(string endpoint)
    {
        await using var gateway = await StartAsync(endpoint);
        var answer = await gateway.PostAsync(null, Initialize);
        Assert.Equal(502, answer.Status);
        Assert.Contains("not its own", answer.Fault);
        Assert.Empty(_posted);
        await UntilAsync(() => _closed == _opened, "the streams are closed");
    }

    [Fact]
    public async Task An_endpoint_on_the_same_origin_may_be_absolute()
    {
        await using var gateway = await StartAsync("http://upstream/messages?x=1");
        await gateway.OpenAsync();
    }

    [Fact]
    public async Task When_the_stream_breaks_those_who_wait_fail_and_the_session_is_gone()
    {
        await using var gateway = await StartAsync("/messages");
        var session = await gateway.OpenAsync();
        var waiting = gateway.CallAsync(session, 1, "test/silent");
        await UntilAsync(() => _posted.Count == 2, "the request arrives");
        _drops[0].SetResult();
        Assert.Equal(502, (await waiting).Status);
        await UntilAsync(() => ((LegacySseBridge)gateway.Bridge).SessionCount == 0, "the session ends");
        Assert.Equal(404, (await gateway.CallAsync(session, 2, "test/spaced")).Status);
    }

    [Fact]
    public async Task Delete_closes_the_stream()
    {
        await using var gateway = await StartAsync("/messages");
        var session = await gateway.OpenAsync();
        Assert.Equal(200, (await gateway.SendAsync("DELETE", session, null)).Status);
        await UntilAsync(() => _closed == 1, "the stream is closed");
    }

    [Fact]
    public async Task A_server_that_refuses_a_message_is_a_fault()
    {
        await using var gateway = await StartAsync("/messages");
        var session = await gateway.OpenAsync();
        var answer = await gateway.CallAsync(session, 1, "test/refuse");
        Assert.Equal(502, answer.Status);
        Assert.Contains("500", answer.Fault);
    }

    [Fact]
    public async Task An_address_that_is_no_event_stream_is_named()
    {
        await using var gateway = await StartAsync("401");
        var answer = await gateway.PostAsync(null, Initialize);
        Assert.Equal(502, answer.Status);
        Assert.Contains("401", answer.Fault);
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task A_server_that_is_not_there_for_a_moment_is_tried_three_times()
    {
        await using var gateway = await StartAsync("503");
        Assert.Contains("503", (await gateway.PostAsync(null, Initialize)).Fault);
        Assert.Equal(3, _opened);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var gateway = await StartAsync("redirect", overHttp: true);
        var answer = await gateway.PostAsync(null, Initialize);
        Assert.Contains("302", answer.Fault);
        Assert.Equal(1, _opened);
    }

    [Fact]
    public async Task A_modern_client_is_told_the_servers_versions()
    {
        await using var gateway = await StartAsync("/messages");
        for (var i = 0; i < 2; i++)
        {
            var answer = await gateway.CallAsync(null, 1, "tools/list", McpEra.Modern);
            Assert.Equal(400, answer.Status);
            Assert.Contains("\"supported\":[\"2024-11-05\"]", await TextAsync(answer));
        }

        Assert.Equal(1, _opened);
        await UntilAsync(() => _closed == 1, "the stream is closed");
    }

    [Fact]
    public async Task A_session_whose_server_goes_while_it_is_opened_is_none()
    {
        await using var gateway = await StartAsync("/messages");
        _opening = () => gateway.Bridge.Reload(new Dictionary<string, ServerConfig>());
        var answer = await gateway.PostAsync(null, Initialize);
        Assert.Equal(503, answer.Status);
        Assert.Equal(0, ((LegacySseBridge)gateway.Bridge).SessionCount);
        await UntilAsync(() => _closed == 1, "the stream is closed");
    }

    [Fact]
    public async Task A_session_ends_with_the_credentials_that_it_began_with()
    {
        await using var gateway = await StartAsync("/messages");
        var session = await gateway.OpenAsync();
        gateway.Bridge.Reload(new Dictionary<string, ServerConfig> { ["sse"] = gateway.Server with { IdleTimeout = TimeSpan.FromMinutes(1) } });
        Assert.Equal(200, (await gateway.CallAsync(session, 1, "test/spaced")).Status);

        gateway.Bridge.Reload(new Dictionary<string, ServerConfig> { ["sse"] = gateway.Server with { Headers = gateway.Server.Headers.SetItem("Authorization", "Bearer new") } });

        Assert.Equal(404, (await gateway.CallAsync(session, 2, "test/spaced")).Status);
        await UntilAsync(() => _closed == 1, "the stream is closed");
    }

    [Fact]
    public async Task Sessions_beyond_the_bound_are_refused()
    {
        await using var gateway = await StartAsync("/messages", new BridgeLimits { MaxStreams = 1 });
        var session = await gateway.OpenAsync();
        Assert.Equal(503, (await gateway.PostAsync(null, Initialize)).Status);
        await gateway.SendAsync("DELETE", session, null);
        await UntilAsync(() => _closed == 1, "the stream is closed");
        await gateway.OpenAsync();
    }

    private async Task<BridgeHarness> StartAsync(string endpoint, BridgeLimits? limits = null, bool overHttp = false)
    {
        var builder = WebApplication.CreateBuilder();
        builder.Logging.ClearProviders();
        if (overHttp)
        {
            builder.WebHost.UseUrls("http://127.0.0.1:0");
        }
        else
        {
            builder.WebHost.UseTestServer();
        }

        _server = builder.Build();
        _server.MapGet("/sse", context => StreamAsync(context, endpoint));
        _server.MapPost("/messages", AcceptAsync);
        await _server.StartAsync();
        var config = new ServerConfig
        {
            Name = "sse",
            Transport = UpstreamTransport.LegacySse,
            Destinations = ImmutableSortedDictionary.Create<string, Uri>(StringComparer.Ordinal).Add("d1", new(overHttp ? $"{_server.Urls.First()}/sse" : "http://upstream/sse")),
            Headers = ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase).Add("Authorization", "Bearer ours"),
        };
        return new(config, new LegacySseBridge(overHttp ? LegacySseBridge.CreateClient() : new(_server.GetTestServer().CreateHandler()), limits ?? new(), Telemetry(), TimeProvider.System));
    }

    private async Task StreamAsync(HttpContext context, string endpoint)
    {
        Interlocked.Increment(ref _opened);
        _opening?.Invoke();
        _headers.Add(context.Request.Headers.Authorization.ToString());
        if (int.TryParse(endpoint, out var status))
        {
            context.Response.StatusCode = status;
            return;
        }

        if (endpoint == "redirect")
        {
            context.Response.Redirect("/sse");
            return;
        }

        context.Response.ContentType = "text/event-stream";
        _stream = context.Response;
        var drop = new TaskCompletionSource();
        _drops.Add(drop);
        await context.Response.WriteAsync($": hello\n\nevent: endpoint\ndata: {endpoint}\n\n");
        await context.Response.Body.FlushAsync();
        using var gone = context.RequestAborted.Register(() => drop.TrySetCanceled());
        try
        {
            await drop.Task;
        }
        catch (OperationCanceledException)
        {
        }

        Interlocked.Increment(ref _closed);
    }

    private async Task AcceptAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var text = await reader.ReadToEndAsync();
        _posted.Add(text);
        _headers.Add(context.Request.Headers.Authorization.ToString());
        var message = Message(text);
        if (message.Method == "test/refuse")
        {
            context.Response.StatusCode = 500;
            return;
        }

        context.Response.StatusCode = 202;
        var id = message.Id?.ToString();
        foreach (var answer in message.Method switch
        {
            "initialize" => [$$$"""{"jsonrpc":"2.0","id":{{{id}}},"result":{"protocolVersion":"2024-11-05","capabilities":{} } }"""],
            "test/spaced" => [$$"""{ "id" : {{id}} ,"result":{ "x" : 1.0 }, "jsonrpc":"2.0" }"""],
            "test/progress" =>
            [
                """{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}""",
                """{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":1}}""",
                """{"jsonrpc":"2.0","id":5,"method":"roots/list"}""",
                $$$"""{"jsonrpc":"2.0","id":{{{id}}},"result":{} }""",
            ],
            _ => Array.Empty<string>(),
        })
        {
            await _stream!.WriteAsync($"event: message\r\ndata: {answer}\r\n\r\n");
            await _stream!.Body.FlushAsync();
        }
    }
}
