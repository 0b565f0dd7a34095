using McpLedger.Contracts.Events;
using McpLedger.EndToEnd.Tests.Stage;
using Microsoft.AspNetCore.Http;

namespace McpLedger.EndToEnd.Tests;

/// <summary>A server that misbehaves: the client gets a clear error with its id, and the event says what happened.</summary>
[Collection(BackstageCollection.Name)]
public sealed class UpstreamFailureTests
{
    public static TheoryData<string> Garbage => ["", "no json", "[]", """{"jsonrpc":"2.0","id":999,"result":{}}""", """{"jsonrpc":"2.0","id":3,"result":{},"result":{}}"""];

    [Theory, MemberData(nameof(Garbage))]
    public async Task An_answer_that_is_none_becomes_an_error_with_the_calls_id(string body)
    {
        await using var upstream = await ScriptedUpstream.StartAsync(async context =>
        {
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body);
        });

        await ExpectFailureAsync(upstream.Address);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_becomes_an_error_with_the_calls_id()
    {
        await using var upstream = await ScriptedUpstream.StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });

        await ExpectFailureAsync(upstream.Address);
    }

    [Fact]
    public async Task A_server_that_is_not_there_becomes_an_error_with_the_calls_id() => await ExpectFailureAsync(new("http://127.0.0.1:9"));

    private static async Task ExpectFailureAsync(Uri upstream)
    {
        await using var gateway = await GatewayUnderTest.StartAsync("scripted", upstream);
        using var wire = gateway.Wire("scripted");
        var answer = await wire.CallAsync(3, "anything");

        Assert.InRange(answer.Status, 500, 599);
        Assert.Equal(3, (int)answer.Message["id"]!);
        Assert.NotNull(answer.Message["error"]);
        var completed = Assert.Single((await Backstage.CallsAsync(gateway.Instance)).Select(each => each.Data).OfType<CallCompleted>());
        Assert.Equal(CallOutcome.UpstreamFailed, completed.Outcome);
        Assert.NotNull(completed.Reason);
    }
}
