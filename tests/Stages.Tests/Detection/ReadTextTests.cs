using McpLedger.Contracts.Events;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Stages.Tests.Detection;

/// <summary>Whatever way a server's text reaches a client's model: it is read, and what follows from having read it follows.</summary>
public sealed class ReadTextTests
{
    [Theory]
    [InlineData("tasks/result")]
    [InlineData("tasks/get")]
    public async Task A_result_that_is_fetched_as_a_task_is_read_like_any_other(string method)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var call = await new Conversation(ledger).FetchAsync(method, "task-1", Conversation.Attack);
        await WatchAsync(ledger);

        var finding = await InjectionAsync(ledger);
        Assert.Equal((call, "result", null), (finding.Call!.Value, finding.Channel, finding.Tool));
        var label = Assert.Single(await Conversation.ControlAsync<SessionLabelled>(ledger));
        Assert.Equal((SessionLabels.Flagged, finding.Finding), (label.Label, label.Finding!.Value));
    }

    [Fact]
    public async Task Who_waits_for_a_task_runs_in_no_circle()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        for (var i = 0; i < 30; i++)
        {
            await agent.FetchAsync("tasks/get", "task-1", "working");
        }

        await WatchAsync(ledger);

        Assert.Empty(await Conversation.ControlAsync<FindingRaised>(ledger));
    }

    [Fact]
    public async Task An_answer_on_a_stream_that_was_resumed_is_read_too()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        await agent.RelayAnswerAsync(await agent.AskAsync("get_unread_emails", "{}"), Conversation.Attack);
        await WatchAsync(ledger);

        Assert.Equal("/result/content/0/text", Assert.Single((await InjectionAsync(ledger)).Spans).Path);
        Assert.Single(await Conversation.ControlAsync<SessionLabelled>(ledger));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_server_says_of_its_own_labels_the_session_that_heard_it(bool isInside)
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        EventId? call = isInside ? await agent.AskAsync("get_unread_emails", "{}") : null;
        await agent.RelayAsync(call, "get_unread_emails", Conversation.Attack);
        await WatchAsync(ledger);

        var finding = await InjectionAsync(ledger);
        Assert.Equal([FindingEffects.Alert, FindingEffects.Label], finding.Effects);
        var label = Assert.Single(await Conversation.ControlAsync<SessionLabelled>(ledger));
        Assert.Equal(("s-1", SessionLabels.Flagged, call, finding.Finding), (label.Session, label.Label, label.Call, label.Finding!.Value));
    }

    [Fact]
    public async Task Who_does_what_a_servers_message_said_is_found_out()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        var agent = new Conversation(ledger);
        await agent.RelayAsync(null, "get_unread_emails", Conversation.Attack);
        await agent.CallAsync("send_email", """{"to":"archive.keeper77@collector-example.com"}""");
        await WatchAsync(ledger);

        Assert.Contains(await Conversation.ControlAsync<FindingRaised>(ledger), f => f is { Detector: FindingDetectors.Provenance, Severity: Severity.High });
    }

    [Fact]
    public async Task What_an_agent_passes_on_labels_nobody_and_claims_no_label()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await new Conversation(ledger).CallAsync("ask", System.Text.Json.JsonSerializer.Serialize(new { question = Conversation.Jailbreak }));
        await WatchAsync(ledger);

        Assert.Equal([FindingEffects.Alert], (await InjectionAsync(ledger)).Effects);
        Assert.Empty(await Conversation.ControlAsync<SessionLabelled>(ledger));
    }

    [Fact]
    public async Task Names_without_end_lead_to_no_path_without_end()
    {
        await using var ledger = await TemporaryLedger.OpenAsync();
        await new Conversation(ledger).CallAsync("ask", System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string> { [new string('n', 5_000)] = Conversation.Jailbreak }));
        await WatchAsync(ledger);

        var path = Assert.Single((await InjectionAsync(ledger)).Spans).Path;
        Assert.StartsWith("/params/arguments/nnnn", path, StringComparison.Ordinal);
        Assert.EndsWith("…", path, StringComparison.Ordinal);
        Assert.InRange(path.Length, 256, 300);
    }

    private static Task WatchAsync(TemporaryLedger ledger) => Watching.FeedAsync(ledger, Watching.Handler(ledger, Watching.Options(ledger), model: Watching.Shipped));

    private static async Task<FindingRaised> InjectionAsync(TemporaryLedger ledger) =>
        Assert.Single(await Conversation.ControlAsync<FindingRaised>(ledger), f => f.Detector == FindingDetectors.Injection);
}
