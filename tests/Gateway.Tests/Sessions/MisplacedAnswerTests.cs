using System.Collections.Immutable;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Screening;
using static McpLedger.Gateway.Screening.ScreeningAction;

namespace McpLedger.Gateway.Tests.Sessions;

/// <summary>Answers on the stream of a session: the way around the rules of the tool that was called.</summary>
public sealed class MisplacedAnswerTests
{
    [Fact]
    public async Task An_answer_to_a_call_that_waits_for_it_elsewhere_is_dropped_and_recorded_and_the_call_goes_on()
    {
        await using var gateway = await StrictAsync();
        var (session, calling, proceed) = await CallAsync(gateway, Screening.Screened.Attack);

        Assert.DoesNotContain("id_rsa", await gateway.TextAsync(Wire.Send(HttpMethod.Get, "demo", Wire.Legacy, session), 200), StringComparison.Ordinal);

        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().Single(message => message.What.Kind == "response");
        Assert.Equal(("2", null), (relayed.What.Id.ToString(), relayed.Outcome));
        Assert.Contains("waits for its answer", relayed.Dropped, StringComparison.Ordinal);
        proceed.SetResult();
        Assert.Contains("\"late\":1", await calling, StringComparison.Ordinal);
        Assert.Equal(CallOutcome.Ok, (await gateway.CallsAsync()).OfType<CallCompleted>().Single(e => e.What.Method == "tools/call").Outcome);
    }

    [Theory]
    [InlineData(Screening.Screened.Attack, false)]
    [InlineData(Screening.Screened.Letter, true)]
    public async Task An_answer_on_a_stream_that_resumes_is_held_to_the_rules_of_its_tool(string text, bool passes)
    {
        await using var gateway = await StrictAsync();
        var (session, calling, proceed) = await CallAsync(gateway, text);
        using var resume = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy, session);
        resume.Headers.TryAddWithoutValidation("Last-Event-ID", "1");

        var answered = await gateway.TextAsync(resume, 200);

        Assert.Equal(passes, answered.Contains(text, StringComparison.Ordinal));
        Assert.Contains("\"id\":2", answered, StringComparison.Ordinal);
        Assert.Equal(!passes, answered.Contains("isError", StringComparison.Ordinal));
        proceed.SetResult();
        await calling;
    }

    [Theory]
    [InlineData(Screening.Screened.Attack, false)]
    [InlineData(Screening.Screened.Letter, true)]
    public async Task An_answer_that_belongs_to_no_call_anybody_knows_is_held_to_the_strictest_rules_of_the_server(string text, bool passes)
    {
        await using var gateway = await StrictAsync();
        var session = await InitializeAsync(gateway);
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Answer("9", text));

        Assert.Equal(passes, (await gateway.TextAsync(Wire.Send(HttpMethod.Get, "demo", Wire.Legacy, session), 200)).Contains(text, StringComparison.Ordinal));
    }

    private static Task<GatewayHarness> StrictAsync() => GatewayHarness.StartAsync(config => config with
    {
        Screening = new() { Choices = new() { Budget = TimeSpan.FromMinutes(1) } },
        Servers = config.Servers.SetItem("demo", config.Servers["demo"] with
        {
            Screening = new() { Tools = ImmutableDictionary<string, ScreeningChoices>.Empty.Add("read", Screening.Screened.Choices((ScreeningPlace.Results, ScreeningKind.Injection, Refuse))) },
        }),
    });

    // A call of the strict tool that waits, while the stream of its session carries an answer to it.
    private static async Task<(string Session, Task<string> Calling, TaskCompletionSource Proceed)> CallAsync(GatewayHarness gateway, string text)
    {
        var session = await InitializeAsync(gateway);
        var proceed = new TaskCompletionSource();
        var asked = gateway.Upstream.Requests.Count;
        gateway.Upstream.Answer = async (http, _) =>
        {
            if (http.Request.Method == "GET")
            {
                await FakeServer.WriteEvents(http, Answer("2", text));
                return;
            }

            await proceed.Task;
            await FakeServer.WriteJson(http, 200, Result("2", "\"late\":1"));
        };
        var calling = gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", "\"name\":\"read\""), Wire.Legacy, session), 200);
        await Eventually.TrueAsync(() => gateway.Upstream.Requests.Count > asked);
        return (session, calling, proceed);
    }

    private static async Task<string> InitializeAsync(GatewayHarness gateway)
    {
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = "upstream-session";
            return FakeServer.WriteJson(http, 200, Result(Wire.IdOf(body), "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}"));
        };
        using var response = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.Initialize("1")));
        return response.Headers.GetValues("Mcp-Session-Id").Single();
    }

    private static string Answer(string id, string text) => Wire.Event(Result(id, $"\"content\":[{{\"type\":\"text\",\"text\":\"{text}\"}}]"));

    private static string Result(string id, string members) => "{\"jsonrpc\":\"2.0\",\"id\":" + id + ",\"result\":{" + members + "}}";
}
