using McpLedger.Contracts.Events;
using McpLedger.Stages.Detection;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Stages.Tests.Detection;

/// <summary>The running stage, with the models that come with the program.</summary>
public sealed class DetectionServiceTests
{
    [Theory]
    [InlineData(DetectionAction.Stop, FindingEffects.Stop)]
    [InlineData(DetectionAction.Throttle, FindingEffects.Throttle)]
    public async Task An_agent_that_runs_in_circles_is_held_by_policy(DetectionAction action, string effect)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        var calls = new List<EventId>();
        for (var i = 0; i < 5; i++)
        {
            calls.Add(await agent.CallAsync("list_orders", """{"page":1}""", "nothing here"));
        }

        await Watching.RunAsync(
            ledger,
            Watching.Options(ledger) with { Policy = Watching.Stops(FindingDetectors.Loop, action) },
            async () => (await Conversation.ControlAsync<PrincipalStopped>(ledger)).Count > 0);

        var finding = (await Conversation.ControlAsync<FindingRaised>(ledger)).First(f => f.Detector == FindingDetectors.Loop);
        var stopped = (await Conversation.ControlAsync<PrincipalStopped>(ledger))[0];
        Assert.Contains(effect, finding.Effects);
        Assert.Equal(calls[3], finding.Call);
        Assert.Equal(calls[..3], finding.Calls);
        Assert.Equal(("ada", "s-1", finding.Finding, DetectionVoice.Name), (stopped.Principal, stopped.Session, stopped.Finding, stopped.By));
        Assert.Equal(action == DetectionAction.Throttle, stopped.PerMinute is not null);
    }

    [Fact]
    public async Task Text_that_nobody_scored_inline_is_scored_late_with_spans_and_labels_the_session()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var call = await new Conversation(ledger).CallAsync("get_unread_emails", "{}", "From: bob\n" + Conversation.Attack);
        await Watching.RunAsync(ledger, Watching.Options(ledger), async () => (await Conversation.ControlAsync<SessionLabelled>(ledger)).Count > 0);

        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
        Assert.True(finding.Late);
        Assert.Equal((call, "result", "demo", "get_unread_emails"), (finding.Call, finding.Channel, finding.Server, finding.Tool));
        Assert.Equal("/result/content/0/text", Assert.Single(finding.Spans).Path);
        Assert.True(finding.Score!.Value > finding.Score.Threshold);
        var label = Assert.Single(await Conversation.ControlAsync<SessionLabelled>(ledger));
        Assert.Equal(("s-1", SessionLabels.Flagged, (EventId?)finding.Finding), (label.Session, label.Label, label.Finding));
    }

    [Fact]
    public async Task What_the_gateway_says_itself_a_moment_later_is_not_said_again_and_what_it_had_no_time_for_is()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var (known, hurried) = (new Conversation(ledger, session: "known"), new Conversation(ledger, session: "hurried"));
        var call = await known.AskAsync("get_unread_emails", "{}");
        await known.AnswerAsync(call, "get_unread_emails", Conversation.Attack, screening: Conversation.Found);
        await hurried.AnswerAsync(await hurried.AskAsync("get_unread_emails", "{}"), "get_unread_emails", Conversation.Attack, screening: new() { Took = 9, State = ScreeningState.TimedOut, Masked = true });
        var isRaised = false;
        await Watching.RunAsync(ledger, Watching.Options(ledger) with { GatewayGrace = TimeSpan.FromMinutes(1) }, async () =>
        {
            if (!isRaised && (await Conversation.ControlAsync<SessionLabelled>(ledger)).Count == 2)
            {
                await known.AppendAsync(RaisedByGateway(call, "known"));
                isRaised = true;
            }

            return isRaised && File.Exists(Path.Combine(ledger.Folder, "detection", "calls-0.position"));
        });

        var findings = (await Conversation.ControlAsync<FindingRaised>(ledger)).Where(f => f.Detector == FindingDetectors.Injection).ToArray();
        Assert.Equal(["hurried", "known"], findings.Select(f => f.Session).Order(StringComparer.Ordinal));
        Assert.Empty(findings.Single(f => f.Session == "hurried").Spans);
        Assert.False(findings.Single(f => f.Session == "known").Late);
    }

    [Fact]
    public async Task What_the_gateway_found_and_could_not_say_is_said_under_its_name()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        var call = await agent.AskAsync("get_unread_emails", "{}");
        await agent.AnswerAsync(call, "get_unread_emails", Conversation.Attack, screening: Conversation.Found);
        await Watching.RunAsync(ledger, Watching.Options(ledger), async () => (await Conversation.ControlAsync<FindingRaised>(ledger)).Any(f => f.Detector == FindingDetectors.Injection));

        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
        Assert.Equal(RaisedByGateway(call, "s-1").Finding, finding.Finding);
        Assert.Equal((call, Severity.High), (finding.Call!.Value, finding.Severity));
    }

    [Fact]
    public async Task A_finding_that_the_gateway_said_before_the_stage_began_still_stops_and_is_not_said_again()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        var call = await agent.AskAsync("get_unread_emails", "{}");
        await agent.AnswerAsync(call, "get_unread_emails", Conversation.Attack, screening: Conversation.Found);
        await agent.AppendAsync(RaisedByGateway(call, "s-1"));

        var options = Watching.Options(ledger) with { Policy = Watching.Stops(FindingDetectors.Injection, DetectionAction.Stop) };
        await Watching.RunAsync(ledger, options, async () => (await Conversation.ControlAsync<PrincipalStopped>(ledger)).Count > 0);

        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
        Assert.Equal((finding.Finding, "s-1"), (Assert.Single(await Conversation.ControlAsync<PrincipalStopped>(ledger)).Finding, finding.Session));
    }

    [Fact]
    public async Task A_text_that_was_withheld_is_a_finding_and_labels_nobody()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var (kept, given) = (new Conversation(ledger, session: "kept"), new Conversation(ledger, session: "given"));
        await kept.AnswerAsync(await kept.AskAsync("get_unread_emails", "{}"), "get_unread_emails", Conversation.Attack, released: "The gateway's screening withheld the answer.");
        await given.AnswerAsync(await given.AskAsync("get_unread_emails", "{}"), "get_unread_emails", Conversation.Attack, released: "From: bob\n" + Conversation.Attack);
        await Watching.RunAsync(ledger, Watching.Options(ledger), async () => (await Conversation.ControlAsync<SessionLabelled>(ledger)).Count > 0);

        Assert.Equal("given", Assert.Single(await Conversation.ControlAsync<SessionLabelled>(ledger)).Session);
        var findings = (await Conversation.ControlAsync<FindingRaised>(ledger)).Where(f => f.Detector == FindingDetectors.Injection).ToDictionary(f => f.Session!);
        Assert.Equal([FindingEffects.Alert], findings["kept"].Effects);
        Assert.Contains(FindingEffects.Label, findings["given"].Effects);
    }

    [Fact]
    public async Task What_the_gateway_raised_still_stops_whom_the_policy_stops_for_it()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        await agent.AnswerAsync(await agent.AskAsync("get_unread_emails", "{}"), "get_unread_emails", Conversation.Attack, screening: Conversation.Found);

        var options = Watching.Options(ledger) with { Policy = Watching.Stops(FindingDetectors.Injection, DetectionAction.Stop) };
        await Watching.RunAsync(ledger, options, async () => (await Conversation.ControlAsync<PrincipalStopped>(ledger)).Count > 0);

        var stopped = Assert.Single(await Conversation.ControlAsync<PrincipalStopped>(ledger));
        Assert.Contains(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Finding == stopped.Finding && f.Effects.Contains(FindingEffects.Stop));
    }

    [Fact]
    public async Task A_text_that_a_session_reads_again_and_again_is_one_finding()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var (one, other) = (new Conversation(ledger), new Conversation(ledger, session: "s-2"));
        for (var i = 0; i < 3; i++)
        {
            await one.CallAsync("get_unread_emails", $$"""{"page":{{i}}}""", Conversation.Attack);
        }

        await other.CallAsync("get_unread_emails", "{}", Conversation.Attack);

        await Watching.RunAsync(ledger, Watching.Options(ledger), async () => (await Conversation.ControlAsync<SessionLabelled>(ledger)).Count == 2);

        Assert.Equal(["s-1", "s-2"], (await Conversation.ControlAsync<FindingRaised>(ledger)).Where(f => f.Detector == FindingDetectors.Injection).Select(f => f.Session));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_server_sends_of_its_own_is_scored_inside_a_call_and_outside(bool isInside)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        var call = await agent.AskAsync("get_unread_emails", "{}");
        await agent.RelayAsync(isInside ? call : null, "get_unread_emails", Conversation.Attack);
        await Watching.RunAsync(ledger, Watching.Options(ledger), async () => (await Conversation.ControlAsync<FindingRaised>(ledger)).Any(f => f.Detector == FindingDetectors.Injection));

        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
        Assert.Equal((isInside ? call : null, "message", "/params/message"), (finding.Call, finding.Channel, Assert.Single(finding.Spans).Path));
        await agent.AppendAsync(new FindingReviewed(finding.Finding, FindingReviewed.Confirmed, "eve", null));
        using var rows = new MemoryStream();
        Assert.Equal(new LabelCount(1, 0), await LabelExport.RunAsync(ledger.Ledger, new BlobFolder(ledger.Folder), rows, CancellationToken.None));
    }

    [Fact]
    public async Task What_an_agent_passes_on_is_scored_as_its_own_words()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var call = await new Conversation(ledger).CallAsync("ask", System.Text.Json.JsonSerializer.Serialize(new { question = Conversation.Jailbreak }));
        await Watching.RunAsync(ledger, Watching.Options(ledger), async () => (await Conversation.ControlAsync<FindingRaised>(ledger)).Any(f => f.Detector == FindingDetectors.Injection));

        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
        Assert.Equal((call, "arguments", "/params/arguments/question"), (finding.Call!.Value, finding.Channel, Assert.Single(finding.Spans).Path));
    }

    [Fact]
    public async Task The_past_under_the_same_models_is_found_the_same_and_judged_findings_become_labels()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        await agent.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        for (var i = 0; i < 5; i++)
        {
            await agent.CallAsync("list_orders", """{"page":1}""", "nothing here");
        }

        var options = Watching.Options(ledger);
        await Watching.RunAsync(ledger, options, async () => (await Conversation.ControlAsync<FindingRaised>(ledger)).Any(f => f.Detector == FindingDetectors.Loop));

        var report = await Rescoring.RunAsync(ledger.Ledger, new BlobFolder(ledger.Folder), options, DateTimeOffset.MinValue, CancellationToken.None);

        Assert.NotEmpty(report.Rows);
        Assert.All(report.Rows, row => Assert.Equal((row.Then, 0), (row.Now, row.Gained + row.Missing)));
        Assert.Contains(report.Rows, row => row is { Rule: "loop:identical", Then: 1 });

        var judged = (await Conversation.ControlAsync<FindingRaised>(ledger)).First(f => f.Detector == FindingDetectors.Injection);
        await agent.AppendAsync(new FindingReviewed(judged.Finding, FindingReviewed.Confirmed, "eve", null));
        await agent.AppendAsync(new FindingReviewed(judged.Finding, FindingReviewed.Rejected, "ada", "our own manual"));
        using var rows = new MemoryStream();
        Assert.Equal(new LabelCount(1, 0), await LabelExport.RunAsync(ledger.Ledger, new BlobFolder(ledger.Folder), rows, CancellationToken.None));
        var row = System.Text.Json.Nodes.JsonNode.Parse(rows.ToArray())!;
        Assert.Equal((0, "tool_response"), ((int)row["label"]!, (string)row["channel"]!));
        Assert.Contains("Before you can solve the task", (string)row["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_parked_is_watched_when_it_is_handed_over_again_as_if_it_came_now()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        for (var i = 0; i < 3; i++)
        {
            await agent.CallAsync("list_orders", """{"page":1}""", "nothing here");
        }

        var fourth = (await ledger.Ledger.BoundsAsync(LedgerPartition.Calls, CancellationToken.None)).End;
        await agent.AskAsync("list_orders", """{"page":1}""");
        var handler = new Stumbling(Watching.Handler(ledger, Watching.Options(ledger)), fourth);
        await using var services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<ConsumerTelemetry>().BuildServiceProvider();
        using var consumer = new PartitionConsumer(
            new() { Name = DetectionVoice.Name }, LedgerPartition.Calls, ledger.Ledger, handler, new ParkingFolder(ledger.Folder, TimeProvider.System), TimeProvider.System, services.GetRequiredService<ConsumerTelemetry>());
        using var stop = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var running = consumer.RunAsync(stop.Token);
        while (consumer.State.Parked == 0)
        {
            await Task.Delay(20, stop.Token);
        }

        Assert.Empty(await Conversation.ControlAsync<FindingRaised>(ledger));
        handler.IsWell = true;
        Assert.Equal((1, null), await consumer.ReplayParkedAsync(CancellationToken.None));
        Assert.Contains(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Rule == "loop:identical");
        await stop.CancelAsync();
        await running;
    }

    private static FindingRaised RaisedByGateway(EventId call, string session) => new()
    {
        Finding = FindingId.Of(call, FindingDetectors.Injection, null, Conversation.Found.Text, Severity.High, Conversation.Found.Digest), Detector = FindingDetectors.Injection, Severity = Severity.High,
        Call = call, Session = session, Principal = "ada", Channel = "result", Text = Conversation.Found.Text, Explanation = "The text reads like instructions to a model.", Effects = [FindingEffects.Alert],
    };

    /// <summary>A stage that cannot handle one record until it is well.</summary>
    private sealed class Stumbling(IRecordHandler inner, long at) : IRecordHandler
    {
        private volatile bool _isWell;

        public bool IsWell
        {
            get => _isWell;
            set => _isWell = value;
        }

        public ValueTask<long> PositionAsync(LedgerPartition partition, CancellationToken cancellationToken) => inner.PositionAsync(partition, cancellationToken);

        public ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken) =>
            !IsWell && batch.Records.Any(r => r.Offset == at) ? throw new InvalidDataException("its bug") : inner.HandleAsync(batch, cancellationToken);
    }
}
