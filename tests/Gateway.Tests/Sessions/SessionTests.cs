using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Gateway.Tests.Sessions;

public sealed class SessionTests
{
    private const string Secret = "upstream-session-1";

    [Fact]
    public async Task A_session_id_is_ours_and_the_upstream_sees_its_own()
    {
        await using var gateway = await StartAsync();
        var session = await InitializeAsync(gateway, key: null);

        Assert.DoesNotContain(Secret, session, StringComparison.Ordinal);
        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"echo\""), Wire.Legacy, session), 200);
        await gateway.TextAsync(Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}", Wire.Legacy, session), 202);
        await gateway.TextAsync(Wire.Send(HttpMethod.Delete, "demo", Wire.Legacy, session), 200);

        Assert.Equal([null, Secret, Secret, Secret], gateway.Upstream.Requests.Select(seen => seen.Headers.GetValueOrDefault("Mcp-Session-Id")));
        var events = await gateway.CallsAsync();
        var opened = events.OfType<CallCompleted>().First().Where.Session;
        Assert.Equal("protocol", opened.Kind);
        Assert.All(events.Skip(2), e => Assert.Equal(opened, e switch { CallIntended i => i.Where.Session, CallCompleted c => c.Where.Session, MessageRelayed m => m.Where.Session, _ => null }));
        Assert.Equal("tester/1", events.OfType<CallIntended>().First().Who.Client);
    }

    [Fact]
    public async Task A_server_may_put_a_state_of_its_own_into_its_session_id()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var state = string.Concat(Enumerable.Repeat("stateless-", 60));
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = state;
            return FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}"));
        };
        using var opened = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.Initialize("1")));

        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "ping"), Wire.Legacy, opened.Headers.GetValues("Mcp-Session-Id").Single()), 200);

        Assert.Equal(state, gateway.Upstream.Requests.Last().Headers["Mcp-Session-Id"]);
    }

    [Fact]
    public async Task A_session_of_somebody_else_is_refused_and_recorded()
    {
        await using var gateway = await StartAsync();
        var alice = await gateway.CreateKeyAsync("alice");
        var mallory = await gateway.CreateKeyAsync("mallory");
        var session = await InitializeAsync(gateway, alice);
        using var theft = Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"echo\""), Wire.Legacy, session);
        theft.Headers.TryAddWithoutValidation("Authorization", "Bearer " + mallory);

        await gateway.TextAsync(theft, 403);

        Assert.Single(gateway.Upstream.Requests);
        var refused = (await gateway.CallsAsync()).OfType<CallRefused>().Single();
        Assert.Equal(("mallory", 403), (refused.Who.Principal, refused.Status));
    }

    [Fact]
    public async Task A_trace_is_a_session_of_whoever_sends_it_and_never_one_of_somebody_else()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var (alice, bob) = (await gateway.CreateKeyAsync("alice"), await gateway.CreateKeyAsync("bob"));
        await CallAsync(gateway, bob, trace: null, 200);
        var actor = SessionsOf(await gateway.CallsAsync())[0];

        foreach (var (key, status) in new[] { (alice, 200), (alice, 200), (bob, 200), ("mcpl_stranger", 401) })
        {
            await CallAsync(gateway, key, actor.Id, status);
        }

        var sessions = SessionsOf(await gateway.CallsAsync())[1..];
        Assert.Equal("actor", actor.Kind);
        Assert.All(sessions, session => Assert.Equal("trace", session.Kind));
        Assert.Equal(sessions[0], sessions[1]);
        Assert.Equal(4, sessions.Append(actor).Distinct().Count());
        Assert.All((await gateway.CallsAsync()).OfType<CallIntended>().Skip(1), e => Assert.Equal(actor.Id, e.Where.Trace));

        static async Task CallAsync(GatewayHarness gateway, string key, string? trace, int status)
        {
            using var request = Wire.Post("demo", trace is null ? Wire.Call("1", "echo") : Wire.Traced(Wire.Call("1", "echo"), trace));
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
            await gateway.TextAsync(request, status);
        }

        static SessionRef[] SessionsOf(IReadOnlyList<EventData> events) =>
            [.. events.Select(e => e switch { CallIntended i => i.Where.Session, CallRefused r => r.Where.Session, _ => null }).OfType<SessionRef>()];
    }

    [Theory]
    [InlineData(true, 403)]
    [InlineData(false, 200)]
    public async Task What_a_session_has_read_closes_its_stream_and_not_its_end(bool isGet, int status)
    {
        await using var gateway = await StartAsync();
        await gateway.PublishAsync(gateway.OpenConfig() with { Rules = gateway.OpenConfig().Rules.Add(new() { Id = "read-an-attack", Effect = RuleEffect.Block, Labels = ["flagged"], Reason = "This session read an attack." }) });
        var session = await InitializeAsync(gateway, key: null);
        var id = (await gateway.CallsAsync()).OfType<CallCompleted>().First().Where.Session.Id;
        await gateway.AppendControlAsync(new SessionLabelled(id, SessionLabels.Flagged, null, null));
        await Eventually.TrueAsync(() => !gateway.Get<ControlState>().LabelsOf(id, TimeProvider.System.GetUtcNow()).IsEmpty);

        await gateway.TextAsync(Wire.Send(isGet ? HttpMethod.Get : HttpMethod.Delete, "demo", Wire.Legacy, session), status);
    }

    [Theory]
    [InlineData("POST")]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task A_session_that_is_not_ours_is_unknown(string method)
    {
        await using var gateway = await StartAsync();
        var session = await InitializeAsync(gateway, key: null);
        foreach (var forged in new[] { Secret, "x", session[..^2], (session[0] == 'A' ? "B" : "A") + session[1..], new string('A', 2000) })
        {
            using var request = method == "POST" ? Wire.PostRaw("demo", Wire.LegacyRequest("2", "ping"), Wire.Legacy, forged) : Wire.Send(new(method), "demo", Wire.Legacy, forged);
            var text = await gateway.TextAsync(request, 404);
            Assert.Contains("-32001", text, StringComparison.Ordinal);
        }

        Assert.Single(gateway.Upstream.Requests);
        Assert.Equal(5, (await gateway.CallsAsync()).OfType<CallRefused>().Count());
    }

    [Fact]
    public async Task A_session_of_another_server_is_unknown()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await gateway.PublishAsync(gateway.OpenConfig() with { Servers = gateway.OpenConfig().Servers.Add("other", GatewayHarness.ServerOf("other", gateway.Upstream.Address)) });
        Script(gateway);
        var session = await InitializeAsync(gateway, key: null);

        await gateway.TextAsync(Wire.PostRaw("other", Wire.LegacyRequest("2", "ping"), Wire.Legacy, session), 404);
    }

    [Fact]
    public async Task Any_replica_with_the_same_key_serves_a_session_over_HTTP()
    {
        using var keys = new TemporaryFolder();
        var file = Path.Combine(keys.Path, "sessions.key");
        await using var first = await GatewayHarness.StartAsync(config => config, "gw-1", file);
        await using var second = await GatewayHarness.StartAsync(config => config, "gw-2", file);
        Script(first);
        await second.PublishAsync(second.OpenConfig() with { Servers = first.OpenConfig().Servers });
        var session = await InitializeAsync(first, key: null);

        await second.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "ping"), Wire.Legacy, session), 200);

        Assert.Equal(Secret, first.Upstream.Requests.Last().Headers["Mcp-Session-Id"]);
    }

    [Fact]
    public async Task A_session_stays_with_its_destination()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        await using var other = await FakeServer.StartAsync();
        await gateway.PublishAsync(gateway.OpenConfig() with { Servers = gateway.OpenConfig().Servers.SetItem("demo", GatewayHarness.ServerOf("demo", gateway.Upstream.Address, other.Address) with { Balancing = "RoundRobin" }) });
        Script(gateway);
        other.Answer = gateway.Upstream.Answer;
        var session = await InitializeAsync(gateway, key: null);
        for (var i = 0; i < 6; i++)
        {
            await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "ping"), Wire.Legacy, session), 200);
        }

        Assert.Contains(7, new[] { gateway.Upstream.Requests.Count, other.Requests.Count });
    }

    [Fact]
    public async Task A_GET_stream_passes_requests_answers_and_resumption_as_they_are()
    {
        await using var gateway = await StartAsync();
        var session = await InitializeAsync(gateway, key: null);
        var stream = "id: 5\ndata:\n\n" + Wire.Event("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"roots/list\"}") + Wire.Event(Wire.Result("2", "\"late\":1"));
        gateway.Upstream.Answer = (http, _) => http.Request.Method == "GET" ? FakeServer.WriteEvents(http, stream) : Accept(http);
        using var request = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy, session);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "4");

        Assert.Equal(stream, await gateway.TextAsync(request, 200));
        await gateway.TextAsync(Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"roots\":[]}}", Wire.Legacy, session), 202);

        Assert.Equal("4", gateway.Upstream.Requests.ElementAt(1).Headers["Last-Event-ID"]);
        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().ToList();
        Assert.Equal([("roots/list", Direction.ToClient), (null, Direction.ToClient), (null, Direction.ToServer)], relayed.Select(m => (m.What.Method, m.Direction)));
        Assert.Equal("GET", (await gateway.CallsAsync()).OfType<CallCompleted>().Last().What.Method);
    }

    [Fact]
    public async Task A_stream_that_the_server_closes_to_be_resumed_is_no_failure()
    {
        await using var gateway = await StartAsync();
        var session = await InitializeAsync(gateway, key: null);
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, "id: 1\nretry: 10\ndata:\n\n");

        var text = await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"slow\""), Wire.Legacy, session), 200);

        Assert.Equal("id: 1\nretry: 10\ndata:\n\n", text);
        Assert.Single((await gateway.CallsAsync()).OfType<CallCompleted>());
    }

    [Fact]
    public async Task A_cancelled_call_whose_stream_just_ends_is_cancelled()
    {
        await using var gateway = await StartAsync();
        var session = await InitializeAsync(gateway, key: null);
        var cancelled = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, body) =>
        {
            if (body.Contains("notifications/cancelled", StringComparison.Ordinal))
            {
                cancelled.SetResult();
                await Accept(http);
                return;
            }

            await FakeServer.WriteEvents(http, ": \n\n");
            await cancelled.Task;
        };
        var calling = gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"slow\""), Wire.Legacy, session), HttpCompletionOption.ResponseHeadersRead);
        using var response = await calling;
        await gateway.TextAsync(Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":2}}", Wire.Legacy, session), 202);

        Assert.Equal(": \n\n", await response.Content.ReadAsStringAsync());
        Assert.Equal(CallOutcome.Cancelled, (await gateway.RecordedAsync<CallCompleted>(c => c.What.Method == "tools/call")).Outcome);
    }

    [Fact]
    public async Task A_cancelled_call_that_the_server_never_answers_is_cancelled_and_not_failed()
    {
        await using var gateway = await StartAsync();
        var session = await InitializeAsync(gateway, key: null);
        var cancelled = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, body) =>
        {
            if (body.Contains("notifications/cancelled", StringComparison.Ordinal))
            {
                await Accept(http);
                cancelled.SetResult();
                return;
            }

            await cancelled.Task;
            http.Abort();
        };
        var calling = gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"slow\""), Wire.Legacy, session), 200);
        await gateway.RecordedAsync<CallIntended>(c => c.What.Method == "tools/call");
        await Eventually.TrueAsync(() => gateway.Upstream.Requests.Count == 2);
        await gateway.TextAsync(Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":2}}", Wire.Legacy, session), 202);

        Assert.Equal("", await calling);
        Assert.Equal(CallOutcome.Cancelled, (await gateway.RecordedAsync<CallCompleted>(c => c.What.Method == "tools/call")).Outcome);
    }

    [Fact]
    public async Task A_revision_that_nobody_knows_is_recorded_by_no_words_of_the_client()
    {
        await using var gateway = await StartAsync();
        await gateway.TextAsync(Wire.PostRaw("demo", Wire.Initialize("0").Replace("2025-11-25", "my password is hunter2", StringComparison.Ordinal)), 200);

        Assert.Equal("other", (await gateway.CallsAsync()).OfType<CallIntended>().Single().What.Protocol);
    }

    [Fact]
    public async Task A_batch_is_split_judged_one_by_one_and_answered_as_a_stream()
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Rules = [.. config.Rules, new() { Id = "no-rm", Effect = McpLedger.Gateway.Configuration.RuleEffect.Block, Tools = ["rm"] }],
        });
        var batch = $"[{Wire.LegacyRequest("1", "tools/call", "\"name\":\"echo\"")},{{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}},{Wire.LegacyRequest("2", "tools/call", "\"name\":\"rm\"")},{{\"id\":3}}]";

        var text = await gateway.TextAsync(Wire.PostRaw("demo", batch, "2025-03-26"), 200);

        Assert.Contains("\"id\":1,\"result\"", text, StringComparison.Ordinal);
        Assert.Contains("Unknown tool: rm", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":3,\"error\"", text, StringComparison.Ordinal);
        Assert.Equal(2, gateway.Upstream.Requests.Count);
        var refused = (await gateway.CallsAsync()).OfType<CallRefused>().ToList();
        Assert.Equal(2, refused.Count);
        Assert.Equal("{\"id\":3}", System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(refused[1].Request.Base64!)));
        await gateway.TextAsync(Wire.PostRaw("demo", "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]", "2025-03-26"), 202);
    }

    private static async Task<GatewayHarness> StartAsync()
    {
        var gateway = await GatewayHarness.StartAsync();
        Script(gateway);
        return gateway;
    }

    private static void Script(GatewayHarness gateway) => gateway.Upstream.Answer = (http, body) =>
    {
        if (body.Contains("\"initialize\"", StringComparison.Ordinal))
        {
            http.Response.Headers["Mcp-Session-Id"] = Secret;
        }

        return body.Length == 0 ? Task.CompletedTask
            : body.Contains("notifications/", StringComparison.Ordinal) ? Accept(http)
            : FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"ok\":true"));
    };

    private static Task Accept(Microsoft.AspNetCore.Http.HttpContext http)
    {
        http.Response.StatusCode = 202;
        return Task.CompletedTask;
    }

    private static async Task<string> InitializeAsync(GatewayHarness gateway, string? key)
    {
        using var request = Wire.PostRaw("demo", Wire.Initialize("0"));
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        }

        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal(200, (int)response.StatusCode);
        return response.Headers.GetValues("Mcp-Session-Id").Single();
    }
}
