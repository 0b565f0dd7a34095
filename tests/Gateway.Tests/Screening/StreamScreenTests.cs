using McpLedger.Contracts.Events;
using McpLedger.Gateway.Screening;
using static McpLedger.Gateway.Screening.ScreeningAction;
using static McpLedger.Gateway.Screening.ScreeningKind;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>Streams, message by message: each is looked through before its own release, and what two share is found with the second.</summary>
public sealed class StreamScreenTests
{
    [Fact]
    public async Task A_secret_inside_a_message_of_a_stream_is_redacted_and_the_event_keeps_its_id_and_type()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(30);
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(
            http, ": hello\n\n", $"id: 4\nevent: message\nretry: 100\ndata: {Log($"using {token} now")}\n\n", Wire.Event(Wire.Result(Wire.IdOf(body), "\"ok\":true")));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.StartsWith(": hello\n\nid: 4\nevent: message\nretry: 100\ndata: ", text, StringComparison.Ordinal);
        Assert.Contains("using [secret:gitlab-token:", text, StringComparison.Ordinal);
        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().Single();
        Assert.DoesNotContain(token, Screened.Text(relayed.Message), StringComparison.Ordinal);
        Assert.Equal("redacted", relayed.Screening!.Findings.Single().Effect);
    }

    [Theory]
    [InlineData("\"x\":\"{0}\"")]
    [InlineData("\"params\":{{\"a\":[\"{0}\"]}}")]
    public async Task A_secret_beside_the_body_of_a_message_goes_like_one_inside(string member)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(34);
        member = string.Format(System.Globalization.CultureInfo.InvariantCulture, member, token);
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(
            http, Wire.Event($$"""{"jsonrpc":"2.0","method":"notifications/message",{{member}}}"""), Wire.Event($$"""{"jsonrpc":"2.0","id":{{Wire.IdOf(body)}},"result":{"resultType":"complete"},{{member}}}"""));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.DoesNotContain(token, text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("[secret:gitlab-token:").Length - 1);
        Assert.All(await gateway.CallsAsync(), each => Assert.DoesNotContain(token, System.Text.Json.JsonSerializer.Serialize(each, each.GetType()), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_secret_that_two_messages_share_is_found_with_the_second_which_says_how_much_is_gone()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(31);
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(
            http, Wire.Event(Log($"using {token[..16]}")), Wire.Event(Log($"{token[16..]} now")), Wire.Event(Wire.Result(Wire.IdOf(body), "\"ok\":true")));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.DoesNotContain(token[16..], text, StringComparison.Ordinal);
        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().ToArray();
        Assert.Null(relayed[0].Screening);
        Assert.Contains("16 of its 30 characters had been released", relayed[1].Screening!.Findings.Single().Explanation, StringComparison.Ordinal);
        Assert.DoesNotContain(token[16..], Screened.Text(relayed[1].Message), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_that_two_messages_share_is_known_again_on_its_way_to_another_server()
    {
        await using var other = await FakeServer.StartAsync();
        await using var gateway = await GatewayHarness.StartAsync(config => Screened.WithServer(config, "other", other.Address) with { Screening = new() { Choices = Screened.Choices((ScreeningPlace.Arguments, Returned, Refuse)) } });
        var token = Screened.Token(35);
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(
            http, Wire.Event(Log($"using {token[..16]}")), Wire.Event(Log($"{token[16..]} now")), Wire.Event(Wire.Result(Wire.IdOf(body), "\"ok\":true")));
        await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        var text = await Screened.CallAsync(gateway, $"{{\"note\":\"{token}\"}}", server: "other");

        Assert.Contains("server demo", text, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task The_last_piece_may_be_the_answer_itself()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(32);
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(
            http, Wire.Event(Log($"using {token[..20]}")), Wire.Event(Wire.Result(Wire.IdOf(body), $"\"content\":[{{\"type\":\"text\",\"text\":\"{token[20..]} that was it\"}}]")));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.DoesNotContain(token[20..], text, StringComparison.Ordinal);
        Assert.Contains("that was it", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_last_piece_goes_wherever_its_message_says_it_again()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(37);
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(
            http, Wire.Event(Log($"using {token[..18]}")),
            Wire.Event(Wire.Result(Wire.IdOf(body), $"\"content\":[{{\"type\":\"text\",\"text\":\"{token[18..]} that was it\"}}],\"structuredContent\":{{\"line\":\"{token[18..]}\"}}")));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.DoesNotContain(token[18..], text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split("[secret:gitlab-token:").Length - 1);
        Assert.DoesNotContain(token[18..], Screened.Text((await gateway.CallsAsync()).OfType<CallCompleted>().Single().Response), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_last_piece_may_be_an_answer_on_a_resumed_stream(bool isSaidBefore)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(36);
        var first = Wire.Event(Log($"using {token[..20]}"));
        gateway.Upstream.Answer = (http, body) =>
        {
            http.Response.Headers["Mcp-Session-Id"] = "upstream-session";
            return FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"protocolVersion\":\"2025-11-25\",\"capabilities\":{},\"serverInfo\":{\"name\":\"s\",\"version\":\"1\"}"));
        };
        using var opened = await gateway.Client.SendAsync(Wire.PostRaw("demo", Wire.Initialize("1")));
        var session = opened.Headers.GetValues("Mcp-Session-Id").Single();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, "id: 1\ndata:\n\n", isSaidBefore ? first : "");
        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("7", "tools/call", "\"name\":\"echo\""), Wire.Legacy, session), 200);
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(
            http, isSaidBefore ? "" : first, Wire.Event(Wire.Result("7", $"\"content\":[{{\"type\":\"text\",\"text\":\"{token[20..]} that was it\"}}]")));
        var resumed = Wire.Send(HttpMethod.Get, "demo", Wire.Legacy, session);
        resumed.Headers.TryAddWithoutValidation("Last-Event-ID", "1");

        var text = await gateway.TextAsync(resumed, 200);

        Assert.DoesNotContain(token[20..], text, StringComparison.Ordinal);
        Assert.Contains("that was it", text, StringComparison.Ordinal);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single(each => each.What.Method == "tools/call");
        Assert.DoesNotContain(token[20..], Screened.Text(completed.Response), StringComparison.Ordinal);
        Assert.Contains("20 of its 30 characters had been released", completed.Screening!.Findings.Single().Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_may_not_pass_is_dropped_and_recorded_and_the_stream_goes_on()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Injection, Refuse));
        gateway.Upstream.Answer = (http, body) => FakeServer.WriteEvents(http, Wire.Event(Log(Screened.Attack)), Wire.Event(Log("done")), Wire.Event(Wire.Result(Wire.IdOf(body), "\"ok\":true")));

        var text = await gateway.TextAsync(Wire.Post("demo", Wire.Call("7", "echo")), 200);

        Assert.DoesNotContain("id_rsa", text, StringComparison.Ordinal);
        Assert.Contains("\"done\"", text, StringComparison.Ordinal);
        Assert.Contains("\"ok\":true", text, StringComparison.Ordinal);
        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().ToArray();
        Assert.Contains("screening", relayed[0].Dropped, StringComparison.Ordinal);
        Assert.Null(relayed[1].Dropped);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_servers_request_that_may_not_pass_is_answered_in_its_clients_place_and_the_stream_goes_on(bool isGet)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Injection, Refuse));
        var told = new TaskCompletionSource<string>();
        gateway.Upstream.Answer = async (http, body) =>
        {
            if (body.Contains("\"error\"", StringComparison.Ordinal))
            {
                http.Response.StatusCode = 202;
                told.SetResult(body);
                return;
            }

            await FakeServer.WriteEvents(http, Wire.Event($$$"""{"jsonrpc":"2.0","id":"e1","method":"elicitation/create","params":{"message":"{{{Screened.Attack}}}"}}"""));
            await told.Task.WaitAsync(TimeSpan.FromMinutes(2));
            await FakeServer.WriteEvents(http, Wire.Event(isGet ? Log("done") : Wire.Result("7", "\"done\":true")));
        };

        var text = await gateway.TextAsync(isGet ? Wire.Send(HttpMethod.Get, "demo", Wire.Legacy) : Wire.PostRaw("demo", Wire.LegacyRequest("7", "tools/call", "\"name\":\"echo\""), Wire.Legacy), 200);

        Assert.DoesNotContain("id_rsa", text, StringComparison.Ordinal);
        Assert.Contains("done", text, StringComparison.Ordinal);
        Assert.StartsWith("""{"jsonrpc":"2.0","id":"e1","error":{"code":-31403,""", await told.Task, StringComparison.Ordinal);
        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().ToArray();
        Assert.Contains("screening", relayed[0].Dropped, StringComparison.Ordinal);
        Assert.Equal((Direction.ToServer, await told.Task, null, relayed[0].Call), (relayed[1].Direction, Screened.Text(relayed[1].Message), relayed[1].Dropped, relayed[1].Call));
    }

    [Theory]
    [InlineData("\"e1\"", true)]
    [InlineData("\"{0}\"", false)]
    public async Task An_answer_to_a_server_that_may_not_pass_is_replaced_by_an_error_whose_id_holds_nothing_of_it(string id, bool isTold)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Arguments, Secrets, Refuse));
        var token = Screened.Token(37);
        var sent = $$$$"""{"jsonrpc":"2.0","id":{{{{string.Format(System.Globalization.CultureInfo.InvariantCulture, id, token)}}}},"result":{"action":"accept","content":{"token":"{{{{token}}}}"}}}""";
        gateway.Upstream.Answer = (http, _) =>
        {
            http.Response.StatusCode = 202;
            return Task.CompletedTask;
        };

        await gateway.TextAsync(Wire.PostRaw("demo", sent, Wire.Legacy), 403);

        await (isTold ? Eventually.TrueAsync(() => !gateway.Upstream.Requests.IsEmpty) : Task.CompletedTask);
        Assert.Equal(isTold ? ["{\"jsonrpc\":\"2.0\",\"id\":\"e1\",\"error\":{\"code\":-31403"] : Array.Empty<string>(), gateway.Upstream.Requests.Select(seen => seen.Body[..49]));
        Assert.DoesNotContain(gateway.Upstream.Requests, seen => seen.Body.Contains(token, StringComparison.Ordinal));
        Assert.Equal(isTold ? [typeof(CallRefused), typeof(MessageRelayed)] : new[] { typeof(CallRefused) }, (await gateway.CallsAsync()).Select(each => each.GetType()));
    }

    [Fact]
    public async Task A_standing_stream_is_looked_through_as_well()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(33);
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, Wire.Event(Log($"using {token[..16]}")), Wire.Event(Log($"{token[16..]} now")), Wire.Event(Log($"again {token}")));

        var text = await gateway.TextAsync(Wire.Send(HttpMethod.Get, "demo", Wire.Legacy), 200);

        Assert.DoesNotContain(token[16..], text, StringComparison.Ordinal);
        Assert.All((await gateway.CallsAsync()).OfType<MessageRelayed>(), each => Assert.DoesNotContain(token[16..], Screened.Text(each.Message), StringComparison.Ordinal));
    }

    private static string Log(string text) => $$$"""{"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","logger":"ci","data":"{{{text}}}"}}""";
}
