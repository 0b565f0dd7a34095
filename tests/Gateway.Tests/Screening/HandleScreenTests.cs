using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Screening;
using static McpLedger.Gateway.Screening.ScreeningAction;
using static McpLedger.Gateway.Screening.ScreeningKind;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>Values that only the server reads that made them: what passes keeps them, whatever they look like, and no event holds them.</summary>
public sealed class HandleScreenTests
{
    [Fact]
    public async Task The_state_of_a_call_that_needs_input_passes_both_ways_as_it_is_and_stands_in_no_event()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact), (ScreeningPlace.Arguments, Secrets, Redact));
        var state = Screened.Jwt(40);
        Screened.Answers(gateway, $$"""{"resultType":"input_required","inputRequests":{},"requestState":"{{state}}"}""");

        Assert.EndsWith($"\"requestState\":\"{state}\"}}}}", await Screened.CallAsync(gateway), StringComparison.Ordinal);

        var retry = Wire.Request("8", "tools/call", $"\"name\":\"echo\",\"arguments\":{{}},\"inputResponses\":{{}},\"requestState\":\"{state}\"");
        await gateway.TextAsync(Wire.Post("demo", retry), 200);
        Assert.Equal(retry, gateway.Upstream.Requests.Last().Body);
        var events = await gateway.CallsAsync();
        Assert.All(events, each => Assert.DoesNotContain(state, System.Text.Json.JsonSerializer.Serialize(each, each.GetType()), StringComparison.Ordinal));
        var completed = events.OfType<CallCompleted>().First();
        Assert.Equal(("secret:jwt", "alert", "$.result.requestState", true), (completed.Screening!.Findings[0].Rule, completed.Screening.Findings[0].Effect, completed.Screening.Findings[0].Span!.Path, completed.Screening.Masked));
    }

    [Theory]
    [InlineData("\"requestState\":\"{0}\"")]
    [InlineData("\"nextCursor\":\"{0}\"")]
    [InlineData("\"taskId\":\"{0}\"")]
    [InlineData("\"task\":{{\"taskId\":\"{0}\"}}")]
    [InlineData("\"_meta\":{{\"io.modelcontextprotocol/related-task\":{{\"taskId\":\"{0}\"}}}}")]
    public async Task It_stays_beside_a_copy_that_goes(string member)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, Secrets, Redact));
        var token = Screened.Token(41);
        member = string.Format(CultureInfo.InvariantCulture, member, token);
        Screened.Answers(gateway, $"{{\"content\":[{{\"type\":\"text\",\"text\":\"\\u200busing {token} now\"}}],{member}}}");

        var text = await Screened.CallAsync(gateway);

        Assert.EndsWith(member + "}}", text, StringComparison.Ordinal);
        Assert.Contains("using [secret:gitlab-token:", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("resources/list", "\"cursor\":\"{0}\"")]
    [InlineData("tasks/get", "\"taskId\":\"{0}\"")]
    public async Task It_comes_back_to_its_server_as_it_is(string method, string member)
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Arguments, Secrets, Redact));
        var sent = Wire.LegacyRequest("7", method, string.Format(CultureInfo.InvariantCulture, member, Screened.Token(42)));

        await gateway.TextAsync(Wire.PostRaw("demo", sent, Wire.Legacy), 200);

        Assert.Equal(sent, gateway.Upstream.Requests.Single().Body);
    }

    [Fact]
    public async Task It_brings_no_server_what_another_sent()
    {
        await using var other = await FakeServer.StartAsync();
        await using var gateway = await GatewayHarness.StartAsync(config => Screened.WithServer(config, "other", other.Address) with { Screening = new() { Choices = Screened.Choices((ScreeningPlace.Arguments, Returned, Redact)) } });
        var token = Screened.Token(43);
        Screened.Says(gateway, token);
        await Screened.CallAsync(gateway);

        await gateway.TextAsync(Wire.PostRaw("other", Wire.LegacyRequest("7", "resources/list", $"\"cursor\":\"{token}\""), Wire.Legacy), 200);

        Assert.Contains("\"cursor\":\"[secret:gitlab-token:", other.Requests.Single().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_refuses_secrets_refuses_them_there_too()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Arguments, Secrets, Refuse));

        await gateway.TextAsync(Wire.PostRaw("demo", Wire.LegacyRequest("7", "resources/list", $"\"cursor\":\"{Screened.Token(44)}\""), Wire.Legacy), 200);

        Assert.Empty(gateway.Upstream.Requests);
    }
}
