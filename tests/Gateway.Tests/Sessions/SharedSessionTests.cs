using McpLedger.Contracts.Events;
using Microsoft.AspNetCore.Http;

namespace McpLedger.Gateway.Tests.Sessions;

/// <summary>A server that gives two callers one session id: what the gateway knows of the one's session is none of the other's.</summary>
public sealed class SharedSessionTests
{
    private const string Shared = "one-for-all";

    [Fact]
    public async Task Two_callers_under_one_upstream_id_have_two_sessions_and_cancel_only_their_own()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var (alice, bob) = (await gateway.CreateKeyAsync("alice"), await gateway.CreateKeyAsync("bob"));
        var isOver = new TaskCompletionSource();
        gateway.Upstream.Answer = async (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = Shared;
            if (body.Contains("tools/call", StringComparison.Ordinal))
            {
                await FakeServer.WriteEvents(http, ": \n\n");
                await isOver.Task;
            }
            else if (body.Contains("notifications/", StringComparison.Ordinal))
            {
                http.Response.StatusCode = StatusCodes.Status202Accepted;
            }
            else
            {
                await FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"ok\":true"));
            }
        };
        var sessions = new[] { await InitializeAsync(gateway, alice), await InitializeAsync(gateway, bob) };
        using var call = By(bob, Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"slow\""), Wire.Legacy, sessions[1]));
        using var answer = await gateway.Client.SendAsync(call, HttpCompletionOption.ResponseHeadersRead);

        await gateway.TextAsync(By(alice, Wire.PostRaw("demo", "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\",\"params\":{\"requestId\":2}}", Wire.Legacy, sessions[0])), 202);
        isOver.SetResult();

        Assert.Equal(CallOutcome.UpstreamFailed, (await gateway.RecordedAsync<CallCompleted>(completed => completed.What.Method == "tools/call")).Outcome);
        Assert.Equal(2, (await gateway.CallsAsync()).OfType<CallCompleted>().Where(completed => completed.What.Method == "initialize").Select(completed => completed.Where.Session.Id).Distinct().Count());
    }

    [Fact]
    public async Task An_answer_to_anything_but_initialize_opens_no_session()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = Shared;
            return FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"ok\":true"));
        };

        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("1", "ping"), Wire.Legacy), 200);

        var events = await gateway.CallsAsync();
        Assert.Equal(events.OfType<CallIntended>().Single().Where.Session, events.OfType<CallCompleted>().Single().Where.Session);
    }

    private static async Task<string> InitializeAsync(GatewayHarness gateway, string key)
    {
        using var request = By(key, Wire.PostRaw("demo", Wire.Initialize("0")));
        using var response = await gateway.Client.SendAsync(request);
        Assert.Equal(200, (int)response.StatusCode);
        return response.Headers.GetValues("Mcp-Session-Id").Single();
    }

    private static HttpRequestMessage By(string key, HttpRequestMessage request)
    {
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + key);
        return request;
    }
}
