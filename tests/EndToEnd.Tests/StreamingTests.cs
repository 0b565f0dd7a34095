using McpLedger.Contracts.Events;
using McpLedger.EndToEnd.Tests.Stage;
using Microsoft.AspNetCore.Http;

namespace McpLedger.EndToEnd.Tests;

/// <summary>I5: a stream passes event by event, as it is.</summary>
[Collection(BackstageCollection.Name)]
public sealed class StreamingTests
{
    private const string First = "event: message\nid: 7\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\",\"params\":{\"progressToken\":1,\"progress\":1}}\n\n";
    private const string Last = ": a comment\r\ndata: {\"jsonrpc\":\"2.0\",\r\ndata: \"id\":9,\"result\":{\"resultType\":\"complete\",\"content\":[]}}\r\n\r\n";

    [Fact]
    public async Task The_first_event_arrives_before_the_second_is_made_and_every_byte_is_the_servers()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var upstream = await ScriptedUpstream.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync(First);
            await context.Response.Body.FlushAsync();

            // Only the client's sight of the first event lets the second one come into being.
            await seen.Task.WaitAsync(TimeSpan.FromSeconds(20));
            await context.Response.WriteAsync(Last);
        });
        await using var gateway = await GatewayUnderTest.StartAsync("scripted", upstream.Address);
        using var wire = gateway.Wire("scripted");
        using var response = await wire.OpenAsync(Wire.ModernCall(9, "stream", "{}"), ("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "stream"));
        await using var body = await response.Content.ReadAsStreamAsync();

        var first = new byte[First.Length];
        await body.ReadExactlyAsync(first);
        seen.SetResult();
        using var rest = new StreamReader(body);

        Assert.Equal(First, System.Text.Encoding.UTF8.GetString(first));
        Assert.Equal(Last, await rest.ReadToEndAsync());
        var completed = Assert.Single((await Backstage.CallsAsync(gateway.Instance)).Select(each => each.Data).OfType<CallCompleted>());
        Assert.Equal(CallOutcome.Ok, completed.Outcome);
        Assert.Equal(2, completed.Stream!.Messages);
        Assert.Equal(First.Length + Last.Length, completed.Stream.Bytes);
    }

    [Fact]
    public async Task A_stream_that_ends_without_its_answer_is_on_record_as_failed()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync(First);
            await context.Response.Body.FlushAsync();
            context.Abort();
        });
        await using var gateway = await GatewayUnderTest.StartAsync("scripted", upstream.Address);
        using var wire = gateway.Wire("scripted");
        var answer = await wire.CallAsync(9, "stream");

        Assert.Contains("\"id\":9", answer.Body, StringComparison.Ordinal);
        Assert.Contains("\"error\"", answer.Body, StringComparison.Ordinal);
        var completed = Assert.Single((await Backstage.CallsAsync(gateway.Instance)).Select(each => each.Data).OfType<CallCompleted>());
        Assert.Equal(CallOutcome.UpstreamFailed, completed.Outcome);
    }
}
