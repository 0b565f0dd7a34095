using McpLedger.Contracts.Events;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Tests.Sessions;

/// <summary>Legacy calls whose stream the server closes, to answer on a GET of the session.</summary>
public sealed class ResumptionTests
{
    private const string Prime = "id: 1\nretry: 10\ndata:\n\n";

    [Fact]
    public async Task A_call_that_is_answered_on_a_resumed_stream_is_completed_there()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var session = await SuspendAsync(gateway, "2");
        var answer = Wire.Event(Result("2", "\"content\":[],\"isError\":true"));
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, "id: 2\n" + answer);

        Assert.Equal("id: 2\n" + answer, await gateway.TextAsync(Resume(session), 200));

        var events = await gateway.CallsAsync();
        var intended = events.OfType<CallIntended>().Single(e => e.What.Method == "tools/call");
        var completed = events.OfType<CallCompleted>().Single(e => e.What.Method == "tools/call");
        Assert.Equal((intended.Call, CallOutcome.ToolError, "2"), (completed.Call, completed.Outcome, completed.What.Id.ToString()));
        Assert.Equal(intended.Where.Session, completed.Where.Session);
        Assert.Contains("isError", completed.Response!.Json.ToString(), StringComparison.Ordinal);
        Assert.Empty(events.OfType<MessageRelayed>().Where(m => m.Direction == Direction.ToClient));
    }

    [Fact]
    public async Task An_answer_whose_id_is_spelled_otherwise_is_the_calls_all_the_same()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Rules = [new() { Id = "echo", Effect = McpLedger.Gateway.Configuration.RuleEffect.Allow, Tools = ["echo"] }] });
        var session = await SuspendAsync(gateway, "\"a\"", "tools/list", "");
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(Result("\"\\u0061\"", "\"tools\":[{\"name\":\"echo\"},{\"name\":\"rm\"}]")));

        Assert.DoesNotContain("rm", await gateway.TextAsync(Resume(session), 200), StringComparison.Ordinal);

        Assert.Single((await gateway.CallsAsync()).OfType<CallCompleted>(), e => e.What.Method == "tools/list");
    }

    [Fact]
    public async Task An_answer_that_is_replayed_completes_the_call_once()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var session = await SuspendAsync(gateway, "2");
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(Result("2", "\"a\":1")), Wire.Event(Result("2", "\"a\":1")));

        await gateway.TextAsync(Resume(session), 200);
        await gateway.TextAsync(Resume(session), 200);

        var events = await gateway.CallsAsync();
        Assert.Single(events.OfType<CallCompleted>(), e => e.What.Method == "tools/call");
        Assert.Equal(3, events.OfType<MessageRelayed>().Count(m => m is { What.Kind: "response", Outcome: CallOutcome.Ok }));
    }

    [Fact]
    public async Task Another_sessions_stream_ends_no_call_of_this_one()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await SuspendAsync(gateway, "2");
        var other = await InitializeAsync(gateway, "another");
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(Result("2", "\"a\":1")));

        await gateway.TextAsync(Resume(other), 200);

        Assert.DoesNotContain((await gateway.CallsAsync()).OfType<CallCompleted>(), e => e.What.Method == "tools/call");
    }

    [Fact]
    public async Task Nothing_is_released_on_a_resumed_stream_that_cannot_be_recorded()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var session = await SuspendAsync(gateway, "2");
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(Result("2", "\"secret\":1")));
        gateway.Faults.Refused = "call.completed.v1";

        Assert.DoesNotContain("secret", await gateway.TextAsync(Resume(session), 200), StringComparison.Ordinal);

        gateway.Faults.Refused = null;
        Assert.Contains("secret", await gateway.TextAsync(Resume(session), 200), StringComparison.Ordinal);
        Assert.Single((await gateway.CallsAsync()).OfType<CallCompleted>(), e => e.What.Method == "tools/call");
    }

    [Fact]
    public async Task A_call_that_is_cancelled_while_nobody_listens_ends_as_cancelled()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var session = await SuspendAsync(gateway, "2");
        gateway.Upstream.Answer = (http, _) => Accept(http);

        await gateway.TextAsync(Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":2}}", Wire.Legacy, session), 202);

        Assert.Equal(CallOutcome.Cancelled, (await gateway.CallsAsync()).OfType<CallCompleted>().Single(e => e.What.Method == "tools/call").Outcome);
    }

    [Theory]
    [InlineData(200, true)]
    [InlineData(404, true)]
    [InlineData(405, false)]
    public async Task A_call_that_waits_to_be_resumed_ends_with_its_session(int status, bool isOver)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var session = await SuspendAsync(gateway, "2");
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteJson(http, status, "{}");

        await gateway.TextAsync(Wire.Send(HttpMethod.Delete, "demo", Wire.Legacy, session), status);

        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().SingleOrDefault(e => e.What.Method == "tools/call");
        Assert.Equal(isOver ? (CallOutcome.Cancelled, "The client ended the session.") : default((CallOutcome, string?)?), completed is null ? null : (completed.Outcome, completed.Reason));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_stream_is_given_up_where_it_was_read_before_its_server_is_asked_to_resume_it(bool isClientGone)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var session = await InitializeAsync(gateway, "upstream-session");
        var closed = new TaskCompletionSource();
        var answer = "id: 2\n" + Wire.Event(Result("2", "\"a\":1"));
        gateway.Upstream.Answer = async (http, _) =>
        {
            if (http.Request.Method == "POST")
            {
                http.RequestAborted.Register(closed.SetResult);
                await FakeServer.WriteEvents(http, Prime);
                await Task.Delay(Timeout.Infinite, http.RequestAborted);
            }

            // Two connections: which of the two the server hears of first is not ours to say.
            await (await Task.WhenAny(closed.Task, Task.Delay(TimeSpan.FromSeconds(20))) == closed.Task ? FakeServer.WriteEvents(http, answer) : FakeServer.WriteJson(http, 409, "{}"));
        };
        using var broken = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"slow\""), Wire.Legacy, session), HttpCompletionOption.ResponseHeadersRead);
        await (await broken.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[Prime.Length]);
        if (isClientGone)
        {
            broken.Dispose();
        }

        Assert.Equal(answer, await gateway.TextAsync(Resume(session), 200));

        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single(e => e.What.Method == "tools/call");
        Assert.Equal((CallOutcome.Ok, "2"), (completed.Outcome, completed.What.Id.ToString()));
    }

    [Fact]
    public async Task A_stream_that_nobody_resumes_is_read_on()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var session = await InitializeAsync(gateway, "upstream-session");
        var proceed = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, _) =>
        {
            if (http.Request.Method == "POST")
            {
                await FakeServer.WriteEvents(http, "id: 9\ndata:\n\n");
                await proceed.Task;
                await FakeServer.WriteEvents(http, Wire.Event(Result("2", "\"a\":1")));
            }
            else
            {
                await FakeServer.WriteEvents(http, ": nothing\n\n");
            }
        };
        using var standing = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"slow\""), Wire.Legacy, session), HttpCompletionOption.ResponseHeadersRead);

        await gateway.TextAsync(Resume(session), 200);

        proceed.SetResult();
        Assert.Contains("\"a\":1", await standing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_on_a_resumed_stream_is_screened_like_any_other()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with { Rules = [new() { Id = "echo", Effect = McpLedger.Gateway.Configuration.RuleEffect.Allow, Tools = ["echo"] }] });
        var session = await SuspendAsync(gateway, "2", "tools/list", "");
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(Result("2", "\"tools\":[{\"name\":\"echo\"},{\"name\":\"rm\"}]")));

        var text = await gateway.TextAsync(Resume(session), 200);

        Assert.Contains("echo", text, StringComparison.Ordinal);
        Assert.DoesNotContain("rm", text, StringComparison.Ordinal);
        Assert.Contains("rm", (await gateway.CallsAsync()).OfType<CallCompleted>().Single(e => e.What.Method == "tools/list").Response!.Json.ToString(), StringComparison.Ordinal);
    }

    private static string Result(string id, string members) => "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{" + members + "}}";

    private static HttpRequestMessage Resume(string session)
    {
        var request = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy, session);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "1");
        return request;
    }

    private static async Task<string> SuspendAsync(GatewayHarness gateway, string id, string method = "tools/call", string parameters = "\"name\":\"slow\"")
    {
        var session = await InitializeAsync(gateway, "upstream-session");
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Prime);
        Assert.Equal(Prime, await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest(id, method, parameters), Wire.Legacy, session), 200));
        return session;
    }

    private static async Task<string> InitializeAsync(GatewayHarness gateway, string upstreamSession)
    {
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = upstreamSession;
            return FakeServer.WriteJson(http, 200, Result(Wire.IdOf(body), "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}"));
        };
        using var response = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.Initialize("1")));
        return response.Headers.GetValues("Mcp-Session-Id").Single();
    }

    private static Task Accept(HttpContext http)
    {
        http.Response.StatusCode = 202;
        return Task.CompletedTask;
    }
}
