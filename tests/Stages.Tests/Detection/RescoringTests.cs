using McpLedger.Contracts.Events;
using McpLedger.Stages.Detection;
using McpLedger.Streaming.Blobs;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Detection;

/// <summary>What another model would have found: told apart from what is not its to find.</summary>
public sealed class RescoringTests
{
    [Fact]
    public async Task Under_the_same_models_nothing_differs_whoever_found_it_and_wherever_it_stood()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        var call = await agent.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        await agent.RelayAsync(null, "get_unread_emails", "Dear agent! " + Conversation.Attack);
        await agent.RelayAsync(call, "get_unread_emails", "Once more! " + Conversation.Attack);
        await WatchAsync(ledger, injections: 3);
        await agent.AppendAsync(Raised(FindingDetectors.Dlp, "secret:github-token", call));
        await agent.AppendAsync(Raised(FindingDetectors.Sanitizing, "html:script", call));

        // What a server says of itself is judged as a definition, by the gateway alone.
        await agent.AppendAsync(Raised(FindingDetectors.Injection, null, await agent.FetchAsync("prompts/list", "", Conversation.Attack)));

        var report = await RescoreAsync(ledger, Watching.Options(ledger));

        Assert.Equal(3, report.Rows.Where(row => row.Rule == FindingDetectors.Injection).Sum(row => row.Now));
        Assert.All(report.Rows, row => Assert.Equal((row.Then, 0, 0), (row.Now, row.Gained, row.Missing)));
        Assert.Empty(report.Found);
        Assert.Empty(report.Lost);
    }

    [Theory]
    [InlineData(-1.0, true)]
    [InlineData(99.0, false)]
    public async Task Another_model_gains_and_misses(double threshold, bool isGain)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        await agent.CallAsync("list_orders", """{"page":1}""", "Three orders were shipped on Monday.");
        await agent.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        await WatchAsync(ledger, injections: 1);

        var model = Watching.OtherModel(ledger.Folder, manifest => manifest["channels"]!["response"]!["threshold"] = threshold);
        var report = await RescoreAsync(ledger, Watching.Options(ledger) with { InjectionModel = model });

        var rows = report.Rows.Where(row => row.Rule == FindingDetectors.Injection).ToArray();
        Assert.Equal((1, isGain ? 1 : 0, isGain ? 0 : 1), (rows.Sum(row => row.Then), rows.Sum(row => row.Gained), rows.Sum(row => row.Missing)));
        Assert.Equal("other", report.InjectionModel);
    }

    [Fact]
    public async Task Since_when_says_when_calls_were_made_and_not_when_they_were_found()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var now = TimeProvider.System.GetUtcNow();
        await new Conversation(ledger, session: "before") { Now = now.AddHours(-2) }.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        await new Conversation(ledger, session: "after") { Now = now.AddMinutes(-1) }.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        await WatchAsync(ledger, injections: 2);

        var report = await RescoreAsync(ledger, Watching.Options(ledger), now.AddHours(-1));

        Assert.Equal((1, 1), (report.Rows.Where(row => row.Rule == FindingDetectors.Injection).Sum(row => row.Then), report.Rows.Where(row => row.Rule == FindingDetectors.Injection).Sum(row => row.Now)));
        Assert.All(report.Rows, row => Assert.Equal(0, row.Gained + row.Missing));
    }

    private static Task WatchAsync(TemporaryLedger ledger, int injections) => Watching.RunAsync(
        ledger, Watching.Options(ledger), async () => (await Conversation.ControlAsync<FindingRaised>(ledger)).Count(f => f.Detector == FindingDetectors.Injection) == injections);

    private static Task<RescoreReport> RescoreAsync(TemporaryLedger ledger, DetectionOptions options, DateTimeOffset since = default) =>
        Rescoring.RunAsync(ledger.Ledger, new BlobFolder(ledger.Folder), options, since, CancellationToken.None);

    private static FindingRaised Raised(string detector, string? rule, EventId call) => new()
    {
        Finding = FindingId.Of(call, detector, rule, null, Severity.High, null), Detector = detector, Rule = rule, Severity = Severity.High, Call = call, Session = "s-1", Channel = "result", Explanation = "Something was found.",
    };
}
