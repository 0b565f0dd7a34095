using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Tests.Answers;

/// <summary>What stands beside the messages of a stream: some clients end lines where the standard does not, and would read a message in it that nobody judged.</summary>
public sealed class EventLineTests
{
    private const string Progress = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":1}}";
    private const string Smuggled = "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"smuggled\":1}}";

    public static TheoryData<string, bool> Ends
    {
        get
        {
            var all = new TheoryData<string, bool>();
            foreach (var end in new[] { "\u2028", "\u2029", "\u0085", "\v", "\f", "\u001c", "\u001d", "\u001e" })
            {
                all.Add(end, true);
                all.Add(end, false);
            }

            return all;
        }
    }

    [Theory, MemberData(nameof(Ends))]
    public async Task No_line_beside_a_message_holds_what_a_client_might_take_for_the_end_of_one(string end, bool isGet)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        var smuggling = $"x{end}{end}data: {Smuggled}{end}{end}";
        var progress = $"event: message\ndata: {Progress}\n\n";
        var answer = isGet ? "" : Wire.Event(Wire.Result("7", "\"a\":1"));
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, $": ping\n\n: {smuggling}\n\n", $"x{smuggling}: 1\r\nretry: {smuggling}\r\n: {smuggling}\r\n{progress}", ": caf\u00e9 \u2014\t.\n\n" + answer);

        var text = await AskAsync(gateway, isGet);

        Assert.StartsWith(": ping\n\n:", text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n" + progress + ": caf\u00e9 \u2014\t.\n\n" + answer, text, StringComparison.Ordinal);
        Assert.DoesNotContain("smuggled", text, StringComparison.Ordinal);
        Assert.DoesNotContain(end, text, StringComparison.Ordinal);
        Assert.Equal([true, true, false], (await gateway.CallsAsync()).OfType<MessageRelayed>().Select(message => message.Dropped is not null && Screening.Screened.Text(message.Message).Contains(smuggling, StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("id", true)]
    [InlineData("id", false)]
    [InlineData("event", true)]
    [InlineData("event", false)]
    public async Task A_stream_with_an_id_or_a_type_that_is_none_ends_there(string field, bool isGet)
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(
            http, $"event: message\ndata: {Progress}\n\n", $"{field}: 1\u2028\u2028data: {Smuggled}\u2028\u2028\ndata:\n\n", Wire.Event(Wire.Result("7", "\"late\":1")));

        var text = await AskAsync(gateway, isGet);

        Assert.StartsWith($"event: message\ndata: {Progress}\n\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("smuggled", text, StringComparison.Ordinal);
        Assert.DoesNotContain("late", text, StringComparison.Ordinal);
        Assert.Equal(!isGet, text.Contains("\"id\":7,\"error\"", StringComparison.Ordinal));
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.Equal(CallOutcome.UpstreamFailed, completed.Outcome);
        Assert.Contains("end of a line", completed.Reason, StringComparison.Ordinal);
        var dropped = (await gateway.CallsAsync()).OfType<MessageRelayed>().Single(message => message.Dropped is not null);
        Assert.Contains("smuggled", Screening.Screened.Text(dropped.Message), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_taken_out_beside_a_message_is_recorded_before_the_rest_passes()
    {
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, _) => FakeServer.WriteEvents(http, ": ping\n\n", ": x\u2028y\n\n", Wire.Event(Wire.Result("7", "\"a\":1")));
        gateway.Faults.Refused = "message.relayed.v1";

        var text = await AskAsync(gateway, isGet: false);

        Assert.DoesNotContain("\"a\":1", text, StringComparison.Ordinal);
        Assert.Contains("\"id\":7,\"error\"", text, StringComparison.Ordinal);
    }

    private static Task<string> AskAsync(GatewayHarness gateway, bool isGet) =>
        gateway.TextAsync(isGet ? Wire.Send(HttpMethod.Get, "demo", Wire.Legacy) : Wire.Post("demo", Wire.Call("7", "echo")), 200);
}
