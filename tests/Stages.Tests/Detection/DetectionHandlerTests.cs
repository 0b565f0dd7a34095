using McpLedger.Contracts.Events;
using McpLedger.Stages.Detection;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Detection;

public sealed class DetectionHandlerTests
{
    [Fact]
    public async Task A_crash_between_a_finding_and_the_position_raises_nothing_twice()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await LoopAsync(new(ledger), 6);
        var options = Watching.Options(ledger);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));
        var first = await Conversation.ControlAsync<FindingRaised>(ledger);
        Assert.NotEmpty(first);

        // The finding is durable and the position is not.
        Directory.Delete(Path.Combine(ledger.Folder, "detection"), recursive: true);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));

        Assert.Equal(first.Select(f => f.Finding), (await Conversation.ControlAsync<FindingRaised>(ledger)).Select(f => f.Finding));
    }

    [Fact]
    public async Task A_crash_between_a_finding_and_its_stop_loses_no_stop_and_stops_nobody_twice()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await LoopAsync(new(ledger), 6);
        var options = Watching.Options(ledger) with { Policy = Watching.Stops(FindingDetectors.Loop, DetectionAction.Stop) };
        await Assert.ThrowsAsync<IOException>(() => Watching.FeedAsync(ledger, Watching.Handler(ledger, options, new Refusing(ledger.Ledger, refusals: int.MaxValue, taken: 1))));
        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger));
        Assert.Empty(await Conversation.ControlAsync<PrincipalStopped>(ledger));

        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));
        Directory.Delete(Path.Combine(ledger.Folder, "detection"), recursive: true);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));

        Assert.Equal(finding.Finding, Assert.Single(await Conversation.ControlAsync<PrincipalStopped>(ledger)).Finding);
        Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger));
    }

    [Fact]
    public async Task A_log_that_ends_before_the_position_is_named_and_not_watched_in_silence()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await LoopAsync(new(ledger), 6);
        var options = Watching.Options(ledger);
        new PositionFile(Path.Combine(options.Folder, "detection", "calls-0.position")).Save(5000);

        var from = await Watching.Handler(ledger, options).PositionAsync(LedgerPartition.Calls, CancellationToken.None);

        Assert.Contains("are gone from the ledger", (await ledger.Ledger.ReadAsync(LedgerPartition.Calls, from, 1024, CancellationToken.None)).Damage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Findings_that_are_spent_let_nobody_go_who_is_to_be_stopped()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await LoopAsync(new(ledger), 6);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger) with { FindingsPerHour = 0, Policy = Watching.Stops(FindingDetectors.Loop, DetectionAction.Stop) }));

        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger));
        Assert.Equal(finding.Finding, Assert.Single(await Conversation.ControlAsync<PrincipalStopped>(ledger)).Finding);
    }

    [Theory]
    [InlineData("unknown", 0)]
    [InlineData("agent", 1)]
    public async Task What_strangers_were_refused_is_nobodys_behaviour(string kind, int findings)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var stranger = new Conversation(ledger) { Who = new() { Principal = "unknown", Kind = kind, Authentication = "none" } };
        for (var i = 0; i < 6; i++)
        {
            await stranger.RefuseAsync("list_orders");
        }

        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger)));

        Assert.Equal(findings, (await Conversation.ControlAsync<FindingRaised>(ledger)).Count);
    }

    [Theory]
    [InlineData("protocol", 1)]
    [InlineData("trace", 1)]
    [InlineData("actor", 3)]
    public async Task Labels_of_an_actor_are_said_again_while_it_goes_on_and_lapse_after_its_rest(string kind, int times)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger, kind: kind) { Now = TimeProvider.System.GetUtcNow().AddHours(-4) };
        var began = agent.Now;
        await agent.CallAsync("read_file");
        for (var i = 0; i < 150; i++)
        {
            agent.Now += TimeSpan.FromMinutes(1);
            await agent.CallAsync("list_orders", $$"""{"page":{{i}}}""", $"{i}");
        }

        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger) with { Policy = new() { Labels = [SessionLabels.PrivateData] } }));

        var labels = await Conversation.ControlAsync<SessionLabelled>(ledger);
        Assert.Equal(times, labels.Count);
        Assert.NotNull(labels[0].Principal);
        if (kind != "actor")
        {
            Assert.Null(labels[0].Until);
            return;
        }

        // From its last call on it rests for two hours, and some time more passes: never less.
        Assert.InRange(labels[0].Until!.Value, began.AddHours(3), began.AddHours(3).AddMinutes(1));
        Assert.InRange(labels[^1].Until!.Value, agent.Now.AddHours(2), agent.Now.AddHours(3));
    }

    [Fact]
    public async Task A_log_that_takes_no_finding_is_asked_again_and_nothing_is_counted_twice()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await LoopAsync(new(ledger), 6);
        var writer = new Refusing(ledger.Ledger, refusals: 1);
        var handler = Watching.Handler(ledger, Watching.Options(ledger), writer);
        var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, await handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None));
        var batch = new ConsumedBatch(LedgerPartition.Calls, records, records[^1].Offset + 1);

        await Assert.ThrowsAsync<IOException>(async () => await handler.HandleAsync(batch, CancellationToken.None));
        await handler.HandleAsync(batch, CancellationToken.None);

        var loop = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger));
        Assert.Equal(Severity.Medium, loop.Severity);
    }

    [Fact]
    public async Task After_a_restart_a_session_under_way_is_known_again()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var (options, agent) = (Watching.Options(ledger), new Conversation(ledger));
        await LoopAsync(agent, 3);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));
        Assert.Empty(await Conversation.ControlAsync<FindingRaised>(ledger));

        await LoopAsync(agent, 1);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));

        Assert.Equal(FindingDetectors.Loop, Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger)).Detector);
    }

    [Fact]
    public async Task A_flood_of_findings_of_one_principal_leaves_those_of_others_alone()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        for (var i = 0; i < 12; i++)
        {
            await LoopAsync(new(ledger, "eve", $"flood-{i}"), 5);
        }

        await LoopAsync(new(ledger, "ada", "quiet"), 5);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger) with { FindingsPerHour = 4 }));

        var findings = await Conversation.ControlAsync<FindingRaised>(ledger);
        Assert.Equal((4, 1), (findings.Count(f => f.Principal == "eve"), findings.Count(f => f.Principal == "ada")));
    }

    [Fact]
    public async Task Sessions_without_number_are_watched_within_bounds()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        for (var i = 0; i < 300; i++)
        {
            await new Conversation(ledger, $"agent-{i}", $"s-{i}").CallAsync("read_file", $$"""{"path":"/{{i}}"}""");
        }

        await LoopAsync(new(ledger), 5);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger) with { Limits = new() { MaxSessions = 100, MaxAgents = 100 } }));

        Assert.Equal("s-1", Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger)).Session);
    }

    [Fact]
    public async Task A_record_that_is_no_event_is_left_to_be_parked_and_the_others_are_watched()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var handler = Watching.Handler(ledger, Watching.Options(ledger));
        await handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None);
        var broken = new LedgerRecord(LedgerPartition.Calls, 7, "{\"no\":\"event\"}"u8.ToArray());

        await Assert.ThrowsAsync<InvalidDataException>(async () => await handler.HandleAsync(new(LedgerPartition.Calls, [broken], 8), CancellationToken.None));
        await handler.HandleAsync(new(LedgerPartition.Calls, [], 8), CancellationToken.None);

        Assert.Equal("8", (await File.ReadAllTextAsync(Path.Combine(ledger.Folder, "detection", "calls-0.position"), CancellationToken.None)).Trim());
    }

    [Theory]
    [InlineData("\\u0000name\\u202e")]
    [InlineData("../../../etc/passwd")]
    [InlineData("<script>alert(1)</script>")]
    public async Task Hostile_names_are_said_as_they_are_and_break_nothing(string name)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        for (var i = 0; i < 5; i++)
        {
            await new Conversation(ledger, name, name).CallAsync(name);
        }

        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger)));

        var finding = Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger));
        Assert.Equal((name, name), (finding.Principal, finding.Session));
        Assert.DoesNotContain(name, finding.Explanation, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_long_past_is_found_and_stops_nobody()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await LoopAsync(new(ledger) { Now = TimeProvider.System.GetUtcNow().AddDays(-1) }, 6);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger) with { Policy = Watching.Stops(FindingDetectors.Loop, DetectionAction.Stop) }));

        Assert.Equal([FindingEffects.Alert], Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger)).Effects);
        Assert.Empty(await Conversation.ControlAsync<PrincipalStopped>(ledger));
    }

    [Fact]
    public async Task Messages_that_cannot_be_had_are_not_taken_for_empty_ones()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger) { IsElsewhere = true };
        for (var i = 0; i < 12; i++)
        {
            await agent.CallAsync("list_orders", $$"""{"page":"{{new string((char)('a' + i), 40)}}"}""", $"{i}");
        }

        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger)));
        Assert.Empty(await Conversation.ControlAsync<FindingRaised>(ledger));

        for (var i = 0; i < 9; i++)
        {
            await agent.CallAsync("send_email", $$"""{"text":"{{new string((char)('a' + i), 300_000)}}"}""", $"{i}");
        }

        for (var i = 0; i < 4; i++)
        {
            await agent.AskAsync("list_orders", """{"page":1}""");
        }

        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger)));
        var found = (await Conversation.ControlAsync<FindingRaised>(ledger)).Select(f => f.Rule).ToArray();
        Assert.Contains("exfiltration:total", found);
        Assert.Contains("loop:identical", found);
    }

    [Fact]
    public async Task Whom_a_stop_held_once_is_stopped_again_when_it_is_over_and_the_loop_is_not()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger) { Now = TimeProvider.System.GetUtcNow().AddMinutes(-30) };
        var options = Watching.Options(ledger) with { EffectAge = TimeSpan.FromDays(1), Policy = Watching.Stops(FindingDetectors.Loop, DetectionAction.Stop) };
        await LoopAsync(agent, 4);
        agent.Now += TimeSpan.FromMinutes(4);
        await LoopAsync(agent, 1);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));
        Assert.Single(await Conversation.ControlAsync<PrincipalStopped>(ledger));

        agent.Now += TimeSpan.FromMinutes(1);
        await LoopAsync(agent, 1);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options));
        Assert.Equal(2, (await Conversation.ControlAsync<PrincipalStopped>(ledger)).Count);
    }

    private static async Task LoopAsync(Conversation agent, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            await agent.CallAsync("list_orders", """{"page":1}""", "nothing here");
        }
    }

    /// <summary>A ledger that takes some appends and then refuses some.</summary>
    private sealed class Refusing(ILedgerWriter inner, int refusals, int taken = 0) : ILedgerWriter
    {
        private int _left = refusals;
        private int _taken = taken;

        public ValueTask<Appended> AppendAsync(EventDraft draft, CancellationToken cancellationToken) =>
            _taken-- <= 0 && _left-- > 0 ? new(default(Appended)) : inner.AppendAsync(draft, cancellationToken);
    }
}
