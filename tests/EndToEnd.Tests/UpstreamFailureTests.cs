using McpLedger.Contracts.Events;
using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Processes;
using Microsoft.AspNetCore.Http;

namespace McpLedger.EndToEnd.Tests;

/// <summary>A server that misbehaves: the client gets a clear error with its id, and the event says what happened.</summary>
[Collection(BackstageCollection.Name)]
public sealed class UpstreamFailureTests(UpstreamFailureTests.Servers servers) : IClassFixture<UpstreamFailureTests.Servers>
{
    private const string Breaks = "breaks-off";
    private const string Absent = "absent";
    private static readonly string[] Bodies = ["", "no json", "[]", """{"jsonrpc":"2.0","id":999,"result":{}}""", """{"jsonrpc":"2.0","id":3,"result":{},"result":{}}"""];

    public static TheoryData<string> Garbage => [.. Bodies];

    [Theory, MemberData(nameof(Garbage))]
    public async Task An_answer_that_is_none_becomes_an_error_with_the_calls_id(string body) => await ExpectFailureAsync($"garbage-{Array.IndexOf(Bodies, body)}");

    [Fact]
    public async Task A_connection_that_breaks_off_becomes_an_error_with_the_calls_id() => await ExpectFailureAsync(Breaks);

    [Fact]
    public async Task A_server_that_is_not_there_becomes_an_error_with_the_calls_id() => await ExpectFailureAsync(Absent);

    private async Task ExpectFailureAsync(string server)
    {
        var gateway = await GatewayVisit.ToAsync(servers.Gateway);
        using var wire = gateway.Wire(server);
        var answer = await wire.CallAsync(3, "anything");

        Assert.InRange(answer.Status, 500, 599);
        Assert.Equal(3, (int)answer.Message["id"]!);
        Assert.NotNull(answer.Message["error"]);
        var completed = Assert.Single((await gateway.CallsAsync()).OfType<CallCompleted>());
        Assert.Equal(CallOutcome.UpstreamFailed, completed.Outcome);
        Assert.NotNull(completed.Reason);
    }

    /// <summary>Each way to misbehave under a name of its own, so that none of them is taken out for what another did.</summary>
    public sealed class Servers : IAsyncLifetime
    {
        private ScriptedUpstream? _upstream;
        private GatewayUnderTest? _gateway;

        internal GatewayUnderTest Gateway => _gateway!;

        public async ValueTask InitializeAsync()
        {
            _upstream = await ScriptedUpstream.StartAsync(AnswerAsync);
            var names = Bodies.Index().Select(body => $"garbage-{body.Index}").Append(Breaks).ToDictionary(name => name, name => $"url: \"{new Uri(_upstream.Address, $"/{name}")}\"");
            names[Absent] = "url: \"http://127.0.0.1:9\"";
            _gateway = await GatewayUnderTest.StartAsync(McpLedgerInstance.ConfigFor(names));
        }

        public async ValueTask DisposeAsync()
        {
            if (_gateway is not null)
            {
                await _gateway.DisposeAsync();
            }

            if (_upstream is not null)
            {
                await _upstream.DisposeAsync();
            }
        }

        private static Task AnswerAsync(HttpContext context)
        {
            var name = context.Request.Path.Value!.Trim('/');
            if (name == Breaks)
            {
                context.Abort();
                return Task.CompletedTask;
            }

            context.Response.ContentType = "application/json";
            return context.Response.WriteAsync(Bodies[int.Parse(name.Split('-')[1], System.Globalization.CultureInfo.InvariantCulture)]);
        }
    }
}
