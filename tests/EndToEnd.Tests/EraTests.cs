using McpLedger.Contracts.Events;
using McpLedger.EndToEnd.Tests.Stage;
using ModelContextProtocol.Protocol;

namespace McpLedger.EndToEnd.Tests;

/// <summary>A real client and a real server, of each era, with the product between them.</summary>
[Collection(BackstageCollection.Name)]
public sealed class EraTests(Backstage backstage)
{
    public static TheoryData<string?, string> Eras => new() { { null, "2026-07-28" }, { "2025-11-25", "2025-11-25" }, { "2025-06-18", "2025-06-18" }, { "2025-03-26", "2025-03-26" } };

    [Theory, MemberData(nameof(Eras))]
    public async Task A_client_lists_and_calls_as_without_the_gateway(string? asked, string spoken)
    {
        var gateway = await backstage.VisitAsync();
        await using var client = await gateway.ClientAsync("sample", asked);
        await using var direct = await GatewayUnderTest.Client(backstage.Sample, asked);

        Assert.Equal(spoken, client.NegotiatedProtocolVersion);
        Assert.Equal((await direct.ListToolsAsync()).Select(tool => tool.JsonSchema.GetRawText()), (await client.ListToolsAsync()).Select(tool => tool.JsonSchema.GetRawText()));
        var result = await client.CallToolAsync("count_words", new Dictionary<string, object?> { ["text"] = "one two three" });
        Assert.Equal("3", Assert.IsType<TextContentBlock>(result.Content[0]).Text);
    }

    [Fact]
    public async Task A_call_is_announced_and_completed_in_the_ledger_with_its_content()
    {
        var gateway = await backstage.VisitAsync();
        using var wire = gateway.Wire("sample");
        var answer = await wire.CallAsync(41, "count_words", """{"text":"a word in the ledger"}""");

        Assert.Equal(200, answer.Status);
        var events = (await gateway.CallsAsync()).ToArray();
        var intended = Assert.Single(events.OfType<CallIntended>(), call => call.What.Method == "tools/call");
        var completed = Assert.Single(events.OfType<CallCompleted>(), call => call.What.Method == "tools/call");
        Assert.Equal(intended.Call, completed.Call);
        Assert.Equal(CallOutcome.Ok, completed.Outcome);
        Assert.Equal("anonymous", intended.Who.Principal);
        Assert.Equal("count_words", intended.What.Name);
        Assert.Equal(Wire.ModernCall(41, "count_words", """{"text":"a word in the ledger"}"""), intended.Request.Json.ToString());
        Assert.Equal(answer.Message.ToJsonString(), System.Text.Json.Nodes.JsonNode.Parse(completed.Response!.Json.ToString()!)!.ToJsonString());
    }

    [Fact]
    public async Task A_legacy_session_lives_from_initialize_to_delete()
    {
        var gateway = await backstage.VisitAsync();
        await using (var client = await gateway.ClientAsync("fixture", "2025-11-25"))
        {
            Assert.NotNull(client.SessionId);
            var result = await client.CallToolAsync("test_simple_text");
            Assert.Contains("simple text", Assert.IsType<TextContentBlock>(result.Content[0]).Text, StringComparison.Ordinal);
        }

        var sessions = (await gateway.CallsAsync()).OfType<CallCompleted>().Where(call => call.What.Method == "tools/call").Select(call => call.Where.Session);
        Assert.Equal("protocol", Assert.Single(sessions).Kind);
    }

    [Fact]
    public async Task Progress_arrives_while_the_call_is_open_and_is_on_record()
    {
        var gateway = await backstage.VisitAsync();
        await using var client = await gateway.ClientAsync("sample", null);
        var steps = new List<ModelContextProtocol.ProgressNotificationValue>();

        await client.CallToolAsync("slow_report", new Dictionary<string, object?> { ["steps"] = 4, ["stepMilliseconds"] = 20 }, new Inline<ModelContextProtocol.ProgressNotificationValue>(steps.Add));

        var relayed = (await gateway.CallsAsync()).OfType<MessageRelayed>().Where(message => message.What.Method == "notifications/progress");
        Assert.Equal(4, relayed.Count());
        Assert.All(relayed, message => Assert.Equal(Direction.ToClient, message.Direction));
    }

    private sealed class Inline<T>(Action<T> take) : IProgress<T>
    {
        public void Report(T value)
        {
            lock (take)
            {
                take(value);
            }
        }
    }
}
