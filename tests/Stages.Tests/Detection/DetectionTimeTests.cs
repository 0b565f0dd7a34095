using McpLedger.Contracts.Events;
using McpLedger.Detectors.Injection;
using McpLedger.Stages.Detection;
using McpLedger.Streaming;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Stages.Tests.Detection;

/// <summary>What is waited for, what is said again and what is too old: by whose clock, and for how long.</summary>
public sealed class DetectionTimeTests
{
    private readonly FakeTimeProvider _time = new(TimeProvider.System.GetUtcNow());

    [Fact]
    public async Task What_the_gateway_may_still_say_keeps_no_stop_waiting()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var known = new Conversation(ledger, session: "known");
        await known.AnswerAsync(await known.AskAsync("get_unread_emails", "{}"), "get_unread_emails", Conversation.Attack, screening: Conversation.Found);
        await LoopAsync(new(ledger, "eve", "loop"), 5);
        var handler = Watching.Handler(ledger, Watching.Options(ledger) with { Policy = Watching.Stops(FindingDetectors.Loop, DetectionAction.Stop) }, model: Watching.Shipped, time: _time);
        var records = await TemporaryLedger.ReadAllAsync(ledger.Ledger, LedgerPartition.Calls, await handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None));
        var answered = records.TakeWhile(record => !IsOf(record, "loop")).ToArray();
        using var longest = new CancellationTokenSource(TimeSpan.FromMinutes(1));

        await handler.HandleAsync(new(LedgerPartition.Calls, answered, answered[^1].Offset + 1), longest.Token);
        var rest = handler.HandleAsync(new(LedgerPartition.Calls, [.. records.Skip(answered.Length)], records[^1].Offset + 1), longest.Token).AsTask();
        while ((await Conversation.ControlAsync<PrincipalStopped>(ledger)).Count == 0)
        {
            await Task.Delay(10, longest.Token);
        }

        // No time has passed, and whoever begins anew finds again what is not said yet.
        Assert.DoesNotContain(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
        Assert.False(rest.IsCompleted);
        Assert.Equal(answered[^1].Offset, Position(ledger));
        while (!rest.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(10, longest.Token);
        }

        await rest;
        Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
        Assert.Equal(records[^1].Offset + 1, Position(ledger));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_wait_that_breaks_off_leaves_no_finding_unsaid(bool isFault)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger) { Now = _time.GetUtcNow() };
        await agent.AnswerAsync(await agent.AskAsync("get_unread_emails", "{}"), "get_unread_emails", Conversation.Attack, screening: Conversation.Found);
        using var longest = new CancellationTokenSource(TimeSpan.FromMinutes(1));

        var fed = Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger), model: Watching.Shipped, time: _time, reader: new BrokenWaits(ledger.Ledger, isFault)));
        while (!fed.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Delay(10, longest.Token);
        }

        await fed;
        Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
    }

    [Fact]
    public async Task Small_findings_without_number_hide_no_great_one()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        for (var i = 0; i < 4; i++)
        {
            await LoopAsync(new(ledger, "eve", $"small-{i}"), 5);
        }

        await LoopAsync(new(ledger, "eve", "great"), 10);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger) with { FindingsPerHour = 2 }));

        var findings = await Conversation.ControlAsync<FindingRaised>(ledger);
        Assert.Equal((2, 1), (findings.Count(f => f.Severity == Severity.Medium), findings.Count(f => f is { Severity: Severity.High, Session: "great" })));
    }

    [Fact]
    public async Task Whoever_takes_a_partition_over_without_its_position_raises_nothing_of_the_past_anew()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var options = Watching.Options(ledger);
        var past = new Conversation(ledger) { Now = _time.GetUtcNow().AddHours(-1) };
        await past.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options, model: Watching.Shipped));
        Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger));

        Directory.Delete(Path.Combine(ledger.Folder, "detection"), recursive: true);
        await new Conversation(ledger, session: "s-2").CallAsync("get_unread_emails", "{}", Conversation.Attack);
        using var other = InjectionModel.Open(Watching.OtherModel(ledger.Folder));
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options, model: other));

        Assert.Equal(
            [("s-1", Watching.Shipped.Id), ("s-2", "other")],
            (await Conversation.ControlAsync<FindingRaised>(ledger)).Select(f => (f.Session!, f.Score!.Model)));
    }

    [Fact]
    public async Task Whom_a_stop_held_for_a_text_is_stopped_again_for_the_same_text()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger) { Now = _time.GetUtcNow().AddHours(-1) };
        var options = Watching.Options(ledger) with { EffectAge = TimeSpan.FromDays(1), Policy = Watching.Stops(FindingDetectors.Injection, DetectionAction.Stop) };
        await agent.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        agent.Now += TimeSpan.FromMinutes(4);
        await agent.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options, model: Watching.Shipped));
        Assert.Single(await Conversation.ControlAsync<PrincipalStopped>(ledger));

        agent.Now += TimeSpan.FromMinutes(1);
        await agent.CallAsync("get_unread_emails", "{}", Conversation.Attack);
        await Watching.FeedAsync(ledger, Watching.Handler(ledger, options, model: Watching.Shipped));
        Assert.Equal(2, (await Conversation.ControlAsync<PrincipalStopped>(ledger)).Count);
    }

    [Fact]
    public async Task A_clock_that_was_ahead_keeps_nobody_from_being_stopped_again()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger) { Now = _time.GetUtcNow().AddDays(1) };
        var handler = Watching.Handler(ledger, Watching.Options(ledger) with { Policy = Watching.Stops(FindingDetectors.Loop, DetectionAction.Stop) }, time: _time);
        await LoopAsync(agent, 5);
        await Watching.FeedAsync(ledger, handler);
        Assert.Single(await Conversation.ControlAsync<PrincipalStopped>(ledger));

        _time.Advance(TimeSpan.FromMinutes(6));
        agent.Now = _time.GetUtcNow();
        await LoopAsync(agent, 1);
        await Watching.FeedAsync(ledger, handler);
        Assert.Equal(2, (await Conversation.ControlAsync<PrincipalStopped>(ledger)).Count);
    }

    [Fact]
    public async Task A_clock_that_was_ahead_takes_nobody_the_hours_until_it_was_right()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var handler = Watching.Handler(ledger, Watching.Options(ledger) with { FindingsPerHour = 1 }, time: _time);
        await LoopAsync(new(ledger, session: "ahead") { Now = _time.GetUtcNow().AddDays(1) }, 5);
        await Watching.FeedAsync(ledger, handler);

        _time.Advance(TimeSpan.FromHours(1));
        await LoopAsync(new(ledger, session: "right") { Now = _time.GetUtcNow() }, 5);
        await Watching.FeedAsync(ledger, handler);

        Assert.Equal(["ahead", "right"], (await Conversation.ControlAsync<FindingRaised>(ledger)).Select(f => f.Session));
    }

    private static async Task LoopAsync(Conversation agent, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            await agent.CallAsync("list_orders", """{"page":1}""", "nothing here");
        }
    }

    private static bool IsOf(LedgerRecord record, string session) => EventReader.TryRead(record.Bytes.Span, out var read, out _) && read!.Data is CallIntended e && e.Where.Session.Id == session;

    private static long Position(TemporaryLedger ledger) =>
        long.Parse(File.ReadAllText(Path.Combine(ledger.Folder, "detection", "calls-0.position")), System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A ledger whose waits end at once, whatever there is.</summary>
    private sealed class BrokenWaits(ILedgerReader whole, bool isFault) : ILedgerReader
    {
        public IReadOnlyList<LedgerPartition> Partitions => whole.Partitions;

        public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => whole.BoundsAsync(partition, cancellationToken);

        public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken) => whole.ReadAsync(partition, from, maxBytes, cancellationToken);

        public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => isFault ? ValueTask.FromException(new IOException("The broker is away.")) : default;
    }
}
