using McpLedger.Contracts.Events;
using McpLedger.Gateway.Screening;
using static McpLedger.Gateway.Screening.ScreeningAction;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>What the control log hears of what calls were found to hold.</summary>
public sealed class FindingLogTests
{
    [Fact]
    public async Task A_finding_is_raised_with_call_session_place_and_score_and_without_the_secret()
    {
        await using var gateway = await Screened.StartAsync((ScreeningPlace.Results, ScreeningKind.Secrets, Redact));
        var token = Screened.Token(40);
        Screened.Says(gateway, $"{Screened.Attack}\n{token}");

        await Screened.CallAsync(gateway);

        var raised = await RaisedAsync(gateway, 2);
        var completed = (await gateway.CallsAsync()).OfType<CallCompleted>().Single();
        Assert.All(raised, finding => Assert.Equal((completed.Call, completed.Where.Session.Id, "demo", "echo", "result", completed.Screening!.Text), (finding.Call!.Value, finding.Session, finding.Server, finding.Tool, finding.Channel, finding.Text)));
        var injection = raised.Single(finding => finding.Detector == "injection");
        Assert.True(injection.Score!.Value > injection.Score.Threshold);
        Assert.Equal(["alert", "redacted"], raised.Single(finding => finding.Detector == "dlp").Effects);
        Assert.DoesNotContain(token, System.Text.Json.JsonSerializer.Serialize(raised), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_same_text_in_a_session_is_raised_once_and_stands_in_every_call()
    {
        await using var gateway = await Screened.StartAsync();
        Screened.Says(gateway, Screened.Attack);
        for (var i = 0; i < 5; i++)
        {
            await Screened.CallAsync(gateway);
        }

        Screened.Says(gateway, Screened.Letter + Screened.Attack);
        await Screened.CallAsync(gateway);

        await RaisedAsync(gateway, 2);
        Assert.Equal(6, (await gateway.CallsAsync()).OfType<CallCompleted>().Count(each => each.Screening!.Findings.Any(finding => finding.Detector == "injection")));
    }

    [Fact]
    public async Task A_session_raises_no_more_than_a_burst_and_what_is_high_all_the_same()
    {
        await using var gateway = await Screened.StartAsync();
        for (var i = 0; i < 40; i++)
        {
            Screened.Says(gateway, Screened.Token(i));
            await Screened.CallAsync(gateway);
        }

        Screened.Says(gateway, Screened.Attack);
        await Screened.CallAsync(gateway);

        await Eventually.TrueAsync(async () => (await gateway.ControlAsync()).OfType<FindingRaised>().Any(finding => finding is { Detector: "injection", Severity: Severity.High }));
        Assert.InRange((await gateway.ControlAsync()).OfType<FindingRaised>().Count(finding => finding.Severity < Severity.High), 1, 36);
    }

    [Fact]
    public async Task One_caller_fills_no_log_with_findings_whatever_sessions_it_makes_up_and_every_call_says_what_was_found()
    {
        const int Calls = 700;
        await using var gateway = await Screened.StartAsync();
        Screened.Says(gateway, Screened.Attack);
        await Parallel.ForAsync(0, Calls, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) =>
            await gateway.TextAsync(Wire.Post("demo", Wire.Traced(Wire.Call("7", "echo"), $"{i + 1:x32}")), 200));

        var bob = await gateway.CreateKeyAsync("bob");
        using var request = Wire.Post("demo", Wire.Call("7", "echo"));
        request.Headers.TryAddWithoutValidation("Authorization", "Bearer " + bob);
        await gateway.TextAsync(request, 200);

        await Eventually.TrueAsync(async () => (await gateway.ControlAsync()).OfType<FindingRaised>().Any(finding => finding.Principal == "bob"));

        // An hour may have turned on the way.
        Assert.InRange((await gateway.ControlAsync()).OfType<FindingRaised>().Count(finding => finding.Principal == "anonymous"), 1, 512);
        var calls = (await gateway.CallsAsync()).OfType<CallCompleted>().ToList();
        Assert.Equal(Calls + 1, calls.Count);
        Assert.All(calls, call => Assert.Contains(call.Screening!.Findings, finding => finding is { Detector: "injection", Severity: Severity.High }));
    }

    [Fact]
    public async Task A_finding_that_the_control_log_does_not_take_holds_no_call_up()
    {
        await using var gateway = await Screened.StartAsync();
        gateway.Faults.Refused = "finding.raised.v1";
        Screened.Says(gateway, Screened.Attack);

        Assert.Contains("id_rsa", await Screened.CallAsync(gateway), StringComparison.Ordinal);
        Assert.Contains((await gateway.CallsAsync()).OfType<CallCompleted>().Single().Screening!.Findings, finding => finding.Detector == "injection");
    }

    private static async Task<FindingRaised[]> RaisedAsync(GatewayHarness gateway, int count)
    {
        FindingRaised[] raised = [];
        await Eventually.TrueAsync(async () => (raised = [.. (await gateway.ControlAsync()).OfType<FindingRaised>()]).Length == count);
        return raised;
    }
}
