using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Screening;
using Microsoft.AspNetCore.Http;
using static McpLedger.Gateway.Screening.ScreeningAction;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>Screening that cannot do what it should: the policy says what becomes of the message, and the event says that it happened.</summary>
public sealed class FailedScreenTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData(ScreeningLapse.Refuse, false)]
    [InlineData(ScreeningLapse.Release, true)]
    public async Task A_message_that_would_mean_something_else_without_its_hidden_characters_does_what_the_policy_says(ScreeningLapse? onFailure, bool passes)
    {
        await using var gateway = await Screened.StartAsync(Screened.Choices((ScreeningPlace.Arguments, ScreeningKind.Hidden, Strip)) with { OnFailure = onFailure });

        // Without the character in its name, the second member is the first: nobody may guess which the server would take.
        var text = await Screened.CallAsync(gateway, "{\"pa\u200bth\":\"/tmp/a\",\"path\":\"/etc/passwd\"}");

        Assert.Equal(passes ? 1 : 0, gateway.Upstream.Requests.Count);
        Assert.Equal(!passes, text.Contains("could not be screened", StringComparison.Ordinal));
        var events = await gateway.CallsAsync();
        Assert.Equal(ScreeningState.Failed, (events[0] as CallIntended)?.Screening?.State ?? ((CallRefused)events[0]).Screening!.State);
    }

    [Theory]
    [InlineData(Flag, ScreeningLapse.Release)]
    [InlineData(Flag, ScreeningLapse.Refuse)]
    [InlineData(Redact, ScreeningLapse.Release)]
    [InlineData(Refuse, ScreeningLapse.Refuse)]
    public async Task Names_that_are_one_without_their_secret_are_recorded_without_it(ScreeningAction action, ScreeningLapse onFailure)
    {
        await using var gateway = await Screened.StartAsync(Screened.Choices((ScreeningPlace.Arguments, ScreeningKind.Secrets, action)) with { OnFailure = onFailure });
        var token = Screened.Token(61);

        await Screened.CallAsync(gateway, $"{{\"{token}\":1,\"{token[..9]}\u200b{token[9..]}\":2}}");

        var events = await gateway.CallsAsync();
        Assert.NotEmpty(events);
        Assert.All(events, each => Assert.DoesNotContain(token[9..], System.Text.Json.JsonSerializer.Serialize(each, each.GetType()), StringComparison.Ordinal));
        Assert.Contains("[secret:gitlab-token:", Screened.Text(events[0] is CallIntended intended ? intended.Request : ((CallRefused)events[0]).Request), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_name_too_long_without_its_secrets_is_not_recorded_and_does_not_pass(bool isAllowed)
    {
        await using var gateway = await GatewayHarness.StartAsync(config => config with
        {
            Screening = new() { Choices = new() { OnFailure = ScreeningLapse.Release } },
            Rules = isAllowed ? config.Rules : [],
        });
        var name = string.Concat(Enumerable.Range(0, 48).Select(i => $"http://u:q7{i:00}@h.co "));

        await Screened.CallAsync(gateway, $"{{\"{name}\":1}}");

        Assert.Empty(gateway.Upstream.Requests);
        var refused = Assert.IsType<CallRefused>(Assert.Single(await gateway.CallsAsync()));
        Assert.DoesNotContain("q747", System.Text.Json.JsonSerializer.Serialize(refused), StringComparison.Ordinal);
        Assert.Contains("[unrecordable]", Screened.Text(refused.Request), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ScreeningLapse.Refuse)]
    [InlineData(ScreeningLapse.Release)]
    public async Task A_detector_that_throws_does_what_the_policy_says(ScreeningLapse onFailure)
    {
        await using var gateway = await Screened.StartAsync(new ScreeningChoices { OnFailure = onFailure });

        // Nothing to remember secrets in: the first one breaks it.
        var broken = new MessageScreen(new(new byte[32]), new(null!, TimeProvider.System), gateway.Get<FindingLog>(), gateway.Get<ScreeningTelemetry>(), TimeProvider.System);
        var exchange = new Exchange(new DefaultHttpContext(), gateway.Source.Snapshot, "demo", Principal.Unknown);
        var request = McpReader.Read(Encoding.UTF8.GetBytes(Wire.Call("7", "echo")), new()).Message;
        var answer = McpReader.Read(Encoding.UTF8.GetBytes(Wire.Result("7", $"\"content\":[{{\"type\":\"text\",\"text\":\"{Screened.Token(60)}\"}}]")), new()).Message;
        var call = Call.Begin(exchange, request, method: null, McpEra.Modern, Wire.Modern, definition: null, monotonic: 0, TimeProvider.System);

        var screened = broken.Answer(call, answer, stream: null);

        Assert.Equal((ScreeningState.Failed, onFailure == ScreeningLapse.Refuse), (screened.Record!.State, screened.Refusal is not null));
        Assert.Equal(answer.Raw.ToArray(), screened.Passed.Raw.ToArray());
    }
}
