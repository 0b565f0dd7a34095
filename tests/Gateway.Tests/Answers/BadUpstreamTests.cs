using McpLedger.Contracts.Events;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Tests.Answers;

public sealed class BadUpstreamTests
{
    private const string Progress = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":1}}";

    public static TheoryData<string, int, string, string, int> Answers => new()
    {
        { "another id", 200, "application/json", Wire.Result("8", "\"a\":1"), 502 },
        { "an id of another type", 200, "application/json", Wire.Result("\"7\"", "\"a\":1"), 502 },
        { "no JSON", 200, "application/json", "<html>", 502 },
        { "two answers", 200, "application/json", Wire.Result("7", "\"a\":1") + Wire.Result("7", "\"a\":2"), 502 },
        { "an array", 200, "application/json", "[" + Wire.Result("7", "\"a\":1") + "]", 502 },
        { "another type", 200, "text/html", Wire.Result("7", "\"a\":1"), 502 },
        { "nothing", 200, "application/json", "", 502 },
        { "accepted", 202, "application/json", "", 502 },
        { "a redirect", 307, "application/json", "", 502 },
        { "our credentials refused", 401, "application/json", Wire.Result("7", "\"a\":1"), 502 },
        { "a crash", 500, "text/plain", "stack trace", 502 },
        { "a request", 200, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"ping\"}", 502 },
        { "a duplicated key", 200, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{},\"result\":{}}", 502 },
        { "too long", 200, "application/json", Wire.Result("7", "\"a\":\"" + new string('x', 5000) + "\""), 502 },
        { "a stream with another id", 200, "text/event-stream", Wire.Event(Wire.Result("8", "\"a\":1")), 200 },
        { "a stream that ends early", 200, "text/event-stream", Wire.Event(Progress), 200 },
        { "a stream of garbage", 200, "text/event-stream", Wire.Event("garbage"), 200 },
        { "a stream with a request", 200, "text/event-stream", Wire.Event("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"roots/list\"}"), 200 },
        { "a stream with an endless event", 200, "text/event-stream", "data: " + new string('x', 5000), 200 },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public async Task What_is_no_answer_becomes_an_error_with_the_id_and_an_event_that_says_why(string what, int status, string type, string body, int told)
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Limits = new() { MaxResponseBytes = 4096 } });
        gateway.Upstream.Answer = (http, _) =>
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = type;
            http.Response.Headers.Location = "http://elsewhere/";
            return status == 202 || body.Length == 0 ? Task.CompletedTask : http.Response.WriteAsync(body);
        };

        using var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("7", "echo")));

        var text = await response.Content.ReadAsStringAsync();
        Assert.True(told == (int)response.StatusCode || (type == "text/event-stream" && (int)response.StatusCode == 502), $"{what}: {response.StatusCode}");
        Assert.Contains("\"id\":7,\"error\":{\"code\":-32603", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\"a\":1", text, StringComparison.Ordinal);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.Equal(CallOutcome.UpstreamFailed, completed.Outcome);
        Assert.False(string.IsNullOrEmpty(completed.Reason));
        Assert.Single(gateway.Upstream.Requests);
    }

    [Theory]
    [InlineData(404, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":\"no\"}}", CallOutcome.ProtocolError)]
    [InlineData(400, "application/json", "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":-32000,\"message\":\"Server not initialized\"},\"id\":null}", CallOutcome.ProtocolError)]
    [InlineData(400, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":\"server-error\",\"error\":{\"code\":-32600,\"message\":\"Missing session ID\"}}", CallOutcome.ProtocolError)]
    [InlineData(404, "application/json", "{\"error\":{\"code\":-32001,\"message\":\"Session not found\"},\"id\":\"\",\"jsonrpc\":\"2.0\"}", CallOutcome.ProtocolError)]
    [InlineData(400, "text/plain", "bad", CallOutcome.UpstreamFailed)]
    public async Task A_client_error_passes_as_it_is(int status, string type, string body, CallOutcome outcome)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => Write(http, status, type, body);

        Assert.Equal(body, await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), status));

        Assert.Equal(outcome, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    [Theory]
    [InlineData("POST", 400, "text/html", "text/plain")]
    [InlineData("GET", 404, "text/html", "text/plain")]
    [InlineData("GET", 400, "application/json; charset=utf-8", "application/json")]
    [InlineData("POST", 404, "text/event-stream", "text/plain")]
    [InlineData("DELETE", 200, "image/svg+xml", "text/plain")]
    [InlineData("DELETE", 200, "text/event-stream", "text/plain")]
    public async Task A_page_of_a_server_is_no_page_of_the_gateways(string method, int status, string type, string told)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) =>
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = type;
            return http.Response.WriteAsync("<script>steal()</script>");
        };

        using var response = await gateway.Client.SendAsync(method == "POST" ? Wire.Post("demo", Wire.Call("7", "echo")) : Wire.Send(HttpMethod.Parse(method), "demo", Wire.Legacy));

        Assert.Equal((status, told), ((int)response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("<script>steal()</script>", await response.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("event: message\ndata: {0}\n\n", true)]
    [InlineData(": first\n\ndata: {0}\n\n", true)]
    [InlineData("data: {0}\n\ndata: {0}\n\n", false)]
    [InlineData("data: {0}", false)]
    public async Task A_client_error_that_comes_as_a_stream_of_one_message_is_that_message(string stream, bool isOne)
    {
        const string Error = "{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32601,\"message\":\"no such method\"}}";
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => Write(http, 404, "text/event-stream", stream.Replace("{0}", Error, StringComparison.Ordinal));

        using var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("7", "echo")));

        Assert.Equal((404, isOne ? "application/json" : "text/plain"), ((int)response.StatusCode, response.Content.Headers.ContentType!.MediaType));
        Assert.Equal(isOne, await response.Content.ReadAsStringAsync() == Error);
    }

    [Theory]
    [InlineData("GET", 405)]
    [InlineData("DELETE", 405)]
    [InlineData("GET", 404)]
    public async Task A_client_error_that_names_another_request_keeps_its_status_where_there_is_none(string method, int status)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => Write(http, status, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":-32000,\"message\":\"hidden\"}}");

        using var response = await gateway.Client.SendAsync(Wire.Send(HttpMethod.Parse(method), "demo", Wire.Legacy));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(status == 405, response.Content.Headers.Allow.Contains("POST"));
        Assert.DoesNotContain("hidden", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(206, "text/event-stream")]
    [InlineData(202, "text/event-stream")]
    [InlineData(200, "application/json")]
    [InlineData(200, "image/svg+xml")]
    public async Task A_GET_that_succeeds_without_a_stream_gives_nothing_on(int status, string type)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) =>
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = type;
            return http.Response.WriteAsync(Wire.Event(Wire.Result("7", "\"tools\":[]")));
        };

        var text = await gateway.TextAsync(Wire.Send(HttpMethod.Get, "demo", Wire.Legacy), 502);

        Assert.DoesNotContain("tools", text, StringComparison.Ordinal);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.Equal((CallOutcome.UpstreamFailed, status), (completed.Outcome, completed.Status));
        Assert.False(string.IsNullOrEmpty(completed.Reason));
    }

    [Theory]
    [InlineData(404, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"tools\":[{\"name\":\"hidden\"}]}}", 502)]
    [InlineData(404, "text/plain", "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"tools\":[{\"name\":\"hidden\"}]}}", 502)]
    [InlineData(400, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":{\"tools\":[{\"name\":\"hidden\"}]}}", 502)]
    [InlineData(400, "application/json", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/hidden\"}", 502)]
    [InlineData(400, "application/json", "{\"jsonrpc\":\"2.0\",\"id\":8,\"error\":{\"code\":-32600,\"message\":\"hidden\"}}", 400)]
    public async Task A_client_error_that_holds_a_message_of_another_kind_or_for_another_request_gives_none_of_it_on(int status, string type, string body, int told)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => Write(http, status, type, body);

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Request("7", "tools/list")), told);

        Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":7,\"error\":{\"code\":-32603", text, StringComparison.Ordinal);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.Equal((CallOutcome.UpstreamFailed, status), (completed.Outcome, completed.Status));
        Assert.DoesNotContain("no JSON-RPC message", completed.Reason, StringComparison.Ordinal);
        Assert.Contains("hidden", completed.Response!.Json.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    [InlineData("notification")]
    public async Task Nor_does_one_that_belongs_to_no_request(string what)
    {
        const string List = "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":{\"tools\":[{\"name\":\"hidden\"}]}}";
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => Write(http, 400, "application/json", List);

        var text = await gateway.TextAsync(
            what == "notification" ? Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", Wire.Legacy) : Wire.Send(HttpMethod.Parse(what), "demo", Wire.Legacy), 502);

        Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_server_answers_to_a_notification_is_recorded_before_it_passes()
    {
        const string Error = "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32000,\"message\":\"not yet\"}}";
        const string Notification = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}";
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteJson(http, 400, Error);

        Assert.Equal(Error, await gateway.TextAsync(Wire.PostRaw("demo", Notification, Wire.Legacy), 400));

        var passed = (await gateway.CallsAsync()).OfType<MessageRelayed>().Single(m => m.Direction == Direction.ToClient);
        Assert.Equal((Error, null), (passed.Message.Json.ToString(), passed.Dropped));

        gateway.Upstream.Answer = (http, _) =>
        {
            gateway.Faults.Refused = "*";
            return FakeServer.WriteJson(http, 400, Error);
        };
        Assert.DoesNotContain("not yet", await gateway.TextAsync(Wire.PostRaw("demo", Notification, Wire.Legacy), 503), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_hangs_is_given_up_with_504()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { ResponseTimeout = TimeSpan.FromMilliseconds(200) }),
        });
        gateway.Upstream.Answer = (http, _) => Task.Delay(Timeout.Infinite, http.RequestAborted);

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 504);

        Assert.Contains("\"id\":7", text, StringComparison.Ordinal);
        Assert.Equal(CallOutcome.UpstreamFailed, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    [Fact]
    public async Task A_stream_that_never_says_anything_is_given_up()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { IdleTimeout = TimeSpan.FromMilliseconds(200) }),
        });
        gateway.Upstream.Answer = async (http, _) =>
        {
            await FakeServer.WriteEvents(http, "");
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 504);

        Assert.Contains("silent", text, StringComparison.Ordinal);
        Assert.Equal(CallOutcome.UpstreamFailed, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    [Fact]
    public async Task A_stream_that_falls_silent_is_given_up()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { IdleTimeout = TimeSpan.FromMilliseconds(200) }),
        });
        gateway.Upstream.Answer = async (http, _) =>
        {
            await FakeServer.WriteEvents(http, Wire.Event(Progress));
            await Task.Delay(Timeout.Infinite, http.RequestAborted);
        };

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.Contains("silent", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":7,\"error\"", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_closes_in_the_middle_fails_the_call(bool isStream)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = async (http, _) =>
        {
            http.Response.ContentType = isStream ? "text/event-stream" : "application/json";
            http.Response.ContentLength = 500;
            await http.Response.WriteAsync(isStream ? "data: {\"jsonrpc\"" : "{\"jsonrpc\"");
            await http.Response.Body.FlushAsync();
            http.Abort();
        };

        using var response = await gateway.Client.SendAsync(Wire.Post("demo", Wire.Call("7", "echo")));

        Assert.Contains("\"id\":7,\"error\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(CallOutcome.UpstreamFailed, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    [Fact]
    public async Task A_second_answer_is_dropped_and_recorded()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(Wire.Result("7", "\"a\":1")) + Wire.Event(Wire.Result("7", "\"b\":2")));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.Equal(Wire.Event(Wire.Result("7", "\"a\":1")), text);
        var dropped = await gateway.RecordedAsync<MessageRelayed>(message => message.Dropped is not null);
        Assert.Contains("\"b\":2", dropped.Message.Json.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_cannot_be_reached_is_a_502_and_another_destination_is_tried()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var open = gateway.OpenConfig();
        var closed = new Uri("http://127.0.0.1:1/mcp");
        await gateway.PublishAsync(open with { Servers = open.Servers.SetItem("demo", GatewayHarness.ServerOf("demo", closed)) });
        Assert.Contains("\"id\":7", await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 502), StringComparison.Ordinal);

        await gateway.PublishAsync(open with { Servers = open.Servers.SetItem("demo", GatewayHarness.ServerOf("demo", closed, gateway.Upstream.Address) with { Balancing = "FirstAlphabetical" }) });
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("8", "echo")), 200);

        Assert.Equal("d1", (await gateway.CallsAsync()).OfType<CallCompleted>().Last().Where.Upstream);
    }

    [Fact]
    public async Task An_answer_that_begins_and_never_ends_is_given_up()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Servers = config.Servers.SetItem("demo", config.Servers["demo"] with { ResponseTimeout = TimeSpan.FromMilliseconds(300) }),
        });
        gateway.Upstream.Answer = async (http, _) =>
        {
            http.Response.ContentType = "application/json";
            http.Response.ContentLength = 1_000;
            while (true)
            {
                await http.Response.WriteAsync(" ", http.RequestAborted);
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await Task.Delay(20, http.RequestAborted);
            }
        };

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 504);

        Assert.Contains("\"id\":7", text, StringComparison.Ordinal);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.Equal((CallOutcome.UpstreamFailed, 200), (completed.Outcome, completed.Status));
    }

    [Fact]
    public async Task A_stream_of_comments_without_end_is_ended()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Limits = config.Limits with { MaxResponseBytes = 4096 } });
        gateway.Upstream.Answer = async (http, _) =>
        {
            http.Response.ContentType = "text/event-stream";
            var comment = ": " + new string('z', 1000) + "\n\n";
            while (!http.RequestAborted.IsCancellationRequested)
            {
                await http.Response.WriteAsync(comment, http.RequestAborted);
            }
        };

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.Contains("Its stream has no end.", text, StringComparison.Ordinal);
        Assert.Equal(CallOutcome.UpstreamFailed, (await gateway.CallsAsync()).OfType<CallCompleted>().Single().Outcome);
    }

    private static Task Write(HttpContext http, int status, string type, string body)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        return http.Response.WriteAsync(body);
    }

    [Theory]
    [InlineData("call")]
    [InlineData("notification")]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task When_to_come_back_is_told_with_every_answer(string what)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) =>
        {
            http.Response.StatusCode = 429;
            http.Response.Headers.RetryAfter = "17";
            return http.Response.WriteAsync("Too many.");
        };

        using var response = await gateway.Client.SendAsync(what switch
        {
            "call" => Wire.Post("demo", Wire.Call("7", "echo")),
            "notification" => Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", Wire.Legacy),
            _ => Wire.Send(new(what), "demo", Wire.Legacy),
        });

        Assert.Equal("17", response.Headers.GetValues("Retry-After").Single());
    }
}
