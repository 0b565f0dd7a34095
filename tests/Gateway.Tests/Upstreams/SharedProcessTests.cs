using System.Text;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.Time.Testing;
using static McpLedger.Gateway.Tests.Upstreams.BridgeHarness;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class SharedProcessTests
{
    [Fact]
    public async Task All_callers_of_a_modern_server_share_one_process_and_their_ids_may_be_alike()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => gateway.CallAsync(null, 1, "test/pid", McpEra.Modern)));
        var texts = await Task.WhenAll(answers.Select(TextAsync));
        Assert.Single(texts.Distinct());
        Assert.StartsWith("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"pid\":", texts[0]);
        Assert.Equal(1, gateway.Children!.ProcessCount);
        Assert.All(answers, answer => Assert.Null(answer.UpstreamSession));
    }

    [Fact]
    public async Task Each_callers_id_and_progress_token_come_back_as_they_were_spelled()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        var asked = Enumerable.Range(0, 20).Select(async n =>
        {
            var id = n % 2 == 0 ? $"{n / 2}" : $"\"\\u0041{n / 2}\"";
            var answer = await gateway.PostAsync(null, $$$"""{"jsonrpc":"2.0","id":{{{id}}},"method":"test/progress","params":{"_meta":{"progressToken":"same"} } }""", McpEra.Modern);
            var events = await EventsAsync(answer.Body!, 3);
            Assert.Contains("\"progressToken\":\"same\",\"progress\":1", events[0].Data);
            Assert.Contains("\"progressToken\":\"same\",\"progress\":2", events[1].Data);
            Assert.Contains($"\"id\":{id},", events[2].Data);
        });
        await Task.WhenAll(asked);
    }

    [Fact]
    public async Task A_token_that_is_no_text_or_stands_twice_harms_no_other_caller()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        var waiting = gateway.CallAsync(null, 1, "test/silent", McpEra.Modern);
        var before = await TextAsync(await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern));
        var hostile = await gateway.PostAsync(null, """{"jsonrpc":"2.0","id":1,"method":"test/progress","params":{"_meta":{"progressToken":"\ud800"} } }""", McpEra.Modern);
        Assert.Contains("\"done\":true", await TextAsync(hostile));
        var twice = await gateway.PostAsync(null, """{"jsonrpc":"2.0","id":1,"method":"test/progress","params":{"_meta":{"progressToken":"mine"},"progressToken":"decoy" } }""", McpEra.Modern);
        Assert.Contains("\"progressToken\":\"mine\"", (await EventsAsync(twice.Body!, 3))[0].Data);
        Assert.Equal(before, await TextAsync(await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern)));
        Assert.False(waiting.IsCompleted);
    }

    [Fact]
    public async Task A_subscription_carries_the_callers_id_and_ends_with_the_caller()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        var answer = await gateway.PostAsync(null, """{"jsonrpc":"2.0","id":"sub","method":"test/listen","params":{}}""", McpEra.Modern);
        Assert.Contains("\"io.modelcontextprotocol/subscriptionId\":\"sub\"", (await EventsAsync(answer.Body!, 1))[0].Data);
        await answer.Body!.DisposeAsync();
        Assert.Contains("notifications/cancelled", await TextAsync(await gateway.CallAsync(null, 1, "test/last", McpEra.Modern)));
    }

    [Fact]
    public async Task A_caller_that_hangs_up_cancels_its_request()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern);
        using var hangUp = new CancellationTokenSource();
        var waiting = gateway.CallAsync(null, 1, "test/silent", McpEra.Modern, hangUp.Token);
        await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern);
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await UntilAsync(
            () => TextAsync(gateway.CallAsync(null, 2, "test/last", McpEra.Modern).GetAwaiter().GetResult()).GetAwaiter().GetResult().Contains("The client hung up."),
            "the server hears of it");
    }

    [Fact]
    public async Task What_cannot_be_told_to_belong_to_one_caller_reaches_none()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        foreach (var method in new[] { "test/log", "test/changed", "test/many" })
        {
            Assert.Equal("application/json", (await gateway.CallAsync(null, 1, method, McpEra.Modern)).ContentType);
        }

        // A server request is none of the modern era's: the call waits for its answer alone.
        var asked = gateway.CallAsync(null, 1, "test/ask", McpEra.Modern);
        await gateway.CallAsync(null, 2, "test/pid", McpEra.Modern);
        Assert.False(asked.IsCompleted);
    }

    [Fact]
    public async Task Errors_carry_the_status_that_the_modern_era_gives_them()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        Assert.Equal(404, (await gateway.CallAsync(null, 1, "no/such", McpEra.Modern)).Status);
        Assert.Equal(405, (await gateway.SendAsync("GET", null, null, era: McpEra.Modern)).Status);
        Assert.Equal(405, (await gateway.SendAsync("DELETE", null, null, era: McpEra.Modern)).Status);
        Assert.Equal(202, (await gateway.PostAsync(null, """{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}""", McpEra.Modern)).Status);
        Assert.Equal(400, (await gateway.PostAsync(null, """{"jsonrpc":"2.0","id":1,"result":{}}""", McpEra.Modern)).Status);
    }

    [Theory]
    [InlineData("legacy")]
    [InlineData("fragile")]
    public async Task A_legacy_server_names_its_versions_to_a_modern_client(string mode)
    {
        await using var gateway = new BridgeHarness(ShellServer.Config(mode));
        for (var i = 0; i < 2; i++)
        {
            var answer = await gateway.CallAsync(null, 1, "tools/list", McpEra.Modern);
            Assert.Equal(400, answer.Status);
            Assert.Null(answer.Fault);
            var text = await TextAsync(answer);
            Assert.Contains("\"code\":-32022", text);
            Assert.Contains("\"supported\":[\"2025-06-18\"],\"requested\":\"2026-07-28\"", text);
        }

        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "probes leave nothing behind");
        await gateway.OpenAsync();
    }

    [Fact]
    public async Task A_server_that_is_silent_when_asked_for_its_era_is_asked_by_initialize()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new BridgeHarness(ShellServer.Config("mute"), time: time);
        var asking = gateway.CallAsync(null, 1, "tools/list", McpEra.Modern);
        await UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return asking.IsCompleted;
            },
            "the probe gives up");
        Assert.Contains("2025-06-18", await TextAsync(await asking));
    }

    [Fact]
    public async Task A_server_that_answers_nothing_is_started_once_for_all_who_wait_and_holds_no_end_up()
    {
        var starts = Path.GetTempFileName();
        var gateway = new BridgeHarness(ShellServer.Silent(starts), new BridgeLimits { ProbeTimeout = TimeSpan.FromSeconds(20) });
        using var hangUp = new CancellationTokenSource();
        var waiting = Enumerable.Range(0, 10).Select(n => gateway.CallAsync(null, n, "tools/list", McpEra.Modern, hangUp.Token)).ToList();
        await UntilAsync(() => new FileInfo(starts).Length > 0, "the server is started");
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.WhenAll(waiting));

        await gateway.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(15));

        Assert.Single(await File.ReadAllLinesAsync(starts));
        File.Delete(starts);
    }

    [Fact]
    public async Task A_start_that_fails_answers_all_who_waited_for_it()
    {
        var starts = Path.GetTempFileName();
        await using var gateway = new BridgeHarness(ShellServer.Silent(starts), new BridgeLimits { ProbeTimeout = TimeSpan.FromSeconds(1) });
        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(n => gateway.CallAsync(null, n, "tools/list", McpEra.Modern)));

        Assert.All(answers, answer => Assert.Equal(502, answer.Status));

        // Asked both ways, and once more by initialize alone.
        Assert.Equal(2, (await File.ReadAllLinesAsync(starts)).Length);
        File.Delete(starts);
    }

    [Fact]
    public async Task A_shared_process_that_exits_fails_those_who_wait_and_is_started_again()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        var first = await TextAsync(await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern));
        var waiting = gateway.CallAsync(null, 1, "test/silent", McpEra.Modern);
        Assert.Equal(502, (await gateway.CallAsync(null, 1, "test/exit", McpEra.Modern)).Status);
        Assert.Contains("exit code 3", (await waiting).Fault);
        Assert.NotEqual(first, await TextAsync(await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern)));
    }

    [Fact]
    public async Task A_shared_process_ends_when_nobody_uses_it_and_comes_back_when_somebody_does()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"), time: time);
        await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern);
        time.Advance(gateway.Server.Stdio!.IdleTimeout + TimeSpan.FromSeconds(5));
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
        Assert.Equal(200, (await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern)).Status);
    }

    [Fact]
    public async Task A_process_lives_through_a_reload_that_starts_it_alike_and_not_through_another()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern", s => s with { MaxProcesses = 1 }));
        var before = await TextAsync(await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern));
        var alike = ShellServer.Config("modern", s => s with { MaxProcesses = 1, IdleTimeout = TimeSpan.FromMinutes(5) });
        gateway.Bridge.Reload(new Dictionary<string, ServerConfig> { ["shell"] = alike });
        Assert.Equal(before, await TextAsync(await gateway.CallUnderAsync(alike, 1, "test/pid")));

        var other = ShellServer.Config("modern", s => s with { Environment = s.Environment.Add("OTHER", "1") });
        gateway.Bridge.Reload(new Dictionary<string, ServerConfig> { ["shell"] = other });
        Assert.NotEqual(before, await TextAsync(await gateway.CallUnderAsync(other, 1, "test/pid")));
        await UntilAsync(() => gateway.Children!.ProcessCount == 1, "the process of before ends");
    }

    [Fact]
    public async Task A_call_of_before_a_reload_leaves_the_process_of_after_it_alone()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern"));
        var before = gateway.Server;
        var other = ShellServer.Config("modern", s => s with { Environment = s.Environment.Add("OTHER", "1") });
        var next = new Dictionary<string, ServerConfig> { ["shell"] = other };
        gateway.Children!.Expect(next);
        gateway.Bridge.Reload(next);
        var process = await TextAsync(await gateway.CallUnderAsync(other, 1, "test/pid"));

        Assert.Equal(503, (await gateway.CallUnderAsync(before, 1, "test/pid")).Status);

        Assert.Equal(process, await TextAsync(await gateway.CallUnderAsync(other, 1, "test/pid")));
        Assert.Equal(1, gateway.Children.ProcessCount);
    }

    [Fact]
    public async Task A_server_that_may_have_one_process_is_asked_anew_when_the_first_has_ended()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("fragile", s => s with { MaxProcesses = 1 }));
        Assert.Contains("2025-06-18", await TextAsync(await gateway.CallAsync(null, 1, "tools/list", McpEra.Modern)));
    }

    [Fact]
    public async Task A_version_that_is_no_text_is_none_and_leaves_no_process_behind()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("garbled"));
        Assert.Contains("\"pid\"", await TextAsync(await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern)));
        Assert.Equal(1, gateway.Children!.ProcessCount);
    }

    [Fact]
    public async Task A_command_that_cannot_start_is_a_fault_to_modern_callers_and_is_tried_again()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("modern", s => s with { Command = "no-such-program" }));
        Assert.Equal(502, (await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern)).Status);
        Assert.Contains("no-such-program", (await gateway.CallAsync(null, 1, "test/pid", McpEra.Modern)).Fault);
    }

    [Fact]
    public void Replacing_changes_the_named_places_and_no_other_byte()
    {
        var message = Message("{ \"method\" : \"a\\u0062\", \"params\":{\"x\":[1,  2],\"_meta\":{\"progressToken\" : \"1\"}},  \"id\":1 ,\"jsonrpc\":\"2.0\"}");
        var replaced = JsonSplice.Replace(message.Raw, (message.Id, "\"longer\""u8.ToArray().AsMemory()), (message.ProgressToken, "7"u8.ToArray().AsMemory()), (null, "never"u8.ToArray().AsMemory()));
        Assert.Equal(
            "{ \"method\" : \"a\\u0062\", \"params\":{\"x\":[1,  2],\"_meta\":{\"progressToken\" : 7}},  \"id\":\"longer\" ,\"jsonrpc\":\"2.0\"}", Encoding.UTF8.GetString(replaced.Span));
    }
}
