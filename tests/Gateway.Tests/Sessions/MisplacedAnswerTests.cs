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
        var session = await InitializeAsync(gateway);
        var (calling, proceed) = await CallAsync(gateway, session, Screening.Screened.Attack);

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
        var session = await InitializeAsync(gateway);
        var (calling, proceed) = await CallAsync(gateway, session, text);

        var answered = await gateway.TextAsync(Resume(session), 200);

        Assert.Equal(passes, answered.Contains(text, StringComparison.Ordinal));
        Assert.Contains("\"id\":2", answered, StringComparison.Ordinal);
        Assert.Equal(!passes, answered.Contains("isError", StringComparison.Ordinal));
        Assert.Equal(passes ? CallOutcome.Ok : CallOutcome.ToolError, await OutcomeAsync(gateway));
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
        Assert.Equal(passes ? CallOutcome.Ok : CallOutcome.ProtocolError, await OutcomeAsync(gateway));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_id_that_is_used_again_names_the_later_call_and_ends_the_one_that_waited_under_it(bool isClosedAgain)
    {
        await using var gateway = await StrictAsync();
        var session = await InitializeAsync(gateway);
        await SuspendAsync(gateway, session, "slow");
        var (calling, proceed) = isClosedAgain ? (SuspendAsync(gateway, session, "read"), new()) : await CallAsync(gateway, session, Screening.Screened.Attack);
        await (isClosedAgain ? calling : Task.CompletedTask);
        gateway.Upstream.Answer = isClosedAgain ? (http, _) => FakeServer.WriteEvents(http, Answer("2", Screening.Screened.Attack)) : gateway.Upstream.Answer;

        var answered = await gateway.TextAsync(Resume(session), 200);

        Assert.DoesNotContain("id_rsa", answered, StringComparison.Ordinal);
        proceed.TrySetResult();
        await calling;
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Where(e => e.What.Method == "tools/call").ToDictionary(e => e.What.Name!);
        Assert.Equal(isClosedAgain ? CallOutcome.ToolError : CallOutcome.Ok, completed["read"].Outcome);
        Assert.Equal(CallOutcome.UpstreamFailed, completed["slow"].Outcome);
        Assert.Contains("id was used again", completed["slow"].Reason, StringComparison.Ordinal);
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
    private static async Task<(Task<string> Calling, TaskCompletionSource Proceed)> CallAsync(GatewayHarness gateway, string session, string text)
    {
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
        var calling = gateway.TextAsync(Call(session, "read"), 200);
        await Eventually.TrueAsync(() => gateway.Upstream.Requests.Count > asked);
        return (calling, proceed);
    }

    private static Task<string> SuspendAsync(GatewayHarness gateway, string session, string tool)
    {
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, "id: 1\ndata:\n\n");
        return gateway.TextAsync(Call(session, tool), 200);
    }

    private static HttpRequestMessage Call(string session, string tool) => Wire.PostRaw("demo", Wire.LegacyRequest("2", "tools/call", $"\"name\":\"{tool}\""), Wire.Legacy, session);

    private static HttpRequestMessage Resume(string session)
    {
        var request = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy, session);
        request.Headers.TryAddWithoutValidation("Last-Event-ID", "1");
        return request;
    }

    private static async Task<CallOutcome?> OutcomeAsync(GatewayHarness gateway) => (await gateway.CallsAsync()).OfType<MessageRelayed>().Single(message => message.What.Kind == "response").Outcome;

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
