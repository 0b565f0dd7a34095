using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.Time.Testing;
using static McpLedger.Gateway.Tests.Upstreams.BridgeHarness;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class HostileStdioTests
{
    [Fact]
    public async Task A_server_that_never_answers_is_given_up_after_the_response_timeout()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), time: time);
        var session = await gateway.OpenAsync();
        var waiting = gateway.CallAsync(session, 1, "test/silent");
        await gateway.CallAsync(session, 2, "test/pid");
        time.Advance(gateway.Server.ResponseTimeout);
        var answer = await waiting;
        Assert.Equal(504, answer.Status);
        Assert.Contains("300 s", answer.Fault);
        Assert.Equal(200, (await gateway.CallAsync(session, 3, "test/pid")).Status);
    }

    [Fact]
    public async Task A_line_that_never_ends_ends_the_process_and_fails_those_who_wait()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { MaxMessageBytes = 1_000_000 });
        var session = await gateway.OpenAsync();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var answer = await gateway.CallAsync(session, 1, "test/flood");
        Assert.Equal(502, answer.Status);
        Assert.Contains("1000000 bytes", answer.Fault);
        Assert.True(GC.GetTotalMemory(forceFullCollection: true) - before < 50_000_000);
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
        Assert.Equal(404, (await gateway.CallAsync(session, 2, "test/pid")).Status);
    }

    [Fact]
    public async Task Garbage_between_messages_is_skipped()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Contains("\"result\":{}", await TextAsync(await gateway.CallAsync(session, 1, "test/garbage")));
    }

    [Fact]
    public async Task An_answer_the_strict_reader_refuses_fails_its_request_at_once()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var answer = await gateway.CallAsync(session, 1, "test/twin");
        Assert.Equal(502, answer.Status);
        Assert.Contains("no valid MCP message", answer.Fault);
        Assert.DoesNotContain("result", answer.Fault);
        Assert.Equal(200, (await gateway.CallAsync(session, 2, "test/pid")).Status);
    }

    [Fact]
    public async Task Answers_to_ids_that_nobody_asked_reach_nobody()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Contains("\"right\":true", await TextAsync(await gateway.CallAsync(session, 1, "test/wrong")));
    }

    [Fact]
    public async Task A_second_answer_reaches_nobody_and_does_not_answer_a_later_request()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Contains("\"n\":1", await TextAsync(await gateway.CallAsync(session, 1, "test/double")));
        Assert.Contains("\"pid\"", await TextAsync(await gateway.CallAsync(session, 2, "test/pid")));
    }

    [Fact]
    public async Task A_process_that_exits_fails_its_requests_and_the_session_is_gone()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var get = await gateway.SendAsync("GET", session, null);
        var other = gateway.CallAsync(session, 1, "test/silent");
        var answer = await gateway.CallAsync(session, 2, "test/exit");
        Assert.Equal(502, answer.Status);
        Assert.Contains("exit code 3", answer.Fault);
        Assert.Contains("exit code 3", (await other).Fault);
        Assert.Equal(0, await get.Body!.ReadAsync(new byte[10]).AsTask().WaitAsync(Patience));
        await UntilAsync(() => gateway.Children!.SessionCount == 0, "the session ends");
        Assert.Equal(404, (await gateway.CallAsync(session, 3, "test/pid")).Status);
    }

    [Fact]
    public async Task A_process_that_exits_in_the_middle_of_a_stream_breaks_the_stream()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        var answer = await gateway.CallAsync(session, 1, "test/ask");
        await EventsAsync(answer.Body!, 1);
        Assert.Equal(502, (await gateway.CallAsync(session, 2, "test/exit")).Status);
        var broken = await Assert.ThrowsAsync<IOException>(() => answer.Body!.ReadAsync(new byte[10]).AsTask().WaitAsync(Patience));
        Assert.Contains("exit code 3", broken.Message);
    }

    [Fact]
    public async Task A_server_that_closes_its_output_is_ended()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with { ShutdownGrace = TimeSpan.FromMilliseconds(50) }), time: time);
        var session = await gateway.OpenAsync();
        var answer = gateway.CallAsync(session, 1, "test/close");
        await UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(100));
                return gateway.Children!.ProcessCount == 0;
            },
            "the process ends");
        Assert.Equal(502, (await answer).Status);
    }

    [Fact]
    public async Task A_server_that_ignores_sigterm_is_killed_after_its_grace()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with { ShutdownGrace = TimeSpan.FromMilliseconds(100) }));
        var session = await gateway.OpenAsync();
        await gateway.CallAsync(session, 1, "test/stubborn");
        await gateway.SendAsync("DELETE", session, null);
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
    }

    [Fact]
    public async Task A_server_that_reads_nothing_is_ended_when_its_pipe_is_full()
    {
        var limits = new BridgeLimits { SendTimeout = TimeSpan.FromMilliseconds(200) };
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with { ShutdownGrace = TimeSpan.FromMilliseconds(100) }), limits);
        var session = await gateway.OpenAsync();
        await gateway.CallAsync(session, 1, "test/deaf");
        var answer = await gateway.PostAsync(session, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"test/line\",\"params\":{\"v\":\"" + new string('x', 3_000_000) + "\"}}");
        Assert.Equal(504, answer.Status);
        Assert.Contains("did not read", answer.Fault);
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
    }

    [Fact]
    public async Task What_a_server_started_ends_with_it()
    {
        Assert.SkipUnless(ProcessGroup.Setsid is not null, "There is no setsid on this system.");
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        foreach (var last in new[] { "DELETE", "test/exit" })
        {
            var session = await gateway.OpenAsync();
            var text = await TextAsync(await gateway.CallAsync(session, 1, "test/fork"));
            var pid = int.Parse(text.Split("\"pid\":")[1].TrimEnd('}', '\n'));
            Assert.NotNull(ProcessStart.Of(pid));
            _ = last == "DELETE" ? await gateway.SendAsync("DELETE", session, null) : await gateway.CallAsync(session, 2, last);
            await UntilAsync(() => IsGone(pid), "the grandchild ends");
        }
    }

    [Fact]
    public async Task What_left_the_group_and_holds_the_pipes_is_not_waited_for()
    {
        Assert.SkipUnless(ProcessGroup.Setsid is not null, "There is no setsid on this system.");
        var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var strays = new List<int>();
        try
        {
            foreach (var last in new[] { "DELETE", "test/exit" })
            {
                var session = await gateway.OpenAsync();
                var text = await TextAsync(await gateway.CallAsync(session, 1, "test/stray"));
                strays.Add(int.Parse(text.Split("\"pid\":")[1].TrimEnd('}', '\n')));
                _ = last == "DELETE" ? await gateway.SendAsync("DELETE", session, null) : await gateway.CallAsync(session, 2, last);
                await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the server ends");
            }

            var open = await gateway.OpenAsync();
            strays.Add(int.Parse((await TextAsync(await gateway.CallAsync(open, 1, "test/stray"))).Split("\"pid\":")[1].TrimEnd('}', '\n')));
            await gateway.DisposeAsync().AsTask().WaitAsync(BridgeHarness.Patience, TestContext.Current.CancellationToken);
        }
        finally
        {
            foreach (var stray in strays)
            {
                Assert.NotNull(ProcessStart.Of(stray));
                using var process = System.Diagnostics.Process.GetProcessById(stray);
                process.Kill();
            }
        }
    }

    [Fact]
    public async Task A_flood_of_stderr_blocks_nothing()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Equal(200, (await gateway.CallAsync(session, 1, "test/stderr")).Status);
    }

    [Fact]
    public async Task A_client_that_does_not_read_loses_its_answer_and_nothing_grows()
    {
        var limits = new BridgeLimits { MaxQueued = 1, StallTimeout = TimeSpan.FromMilliseconds(50) };
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), limits);
        var session = await gateway.OpenAsync();
        var slow = await gateway.CallAsync(session, 1, "test/flow");
        Assert.Equal(200, (await gateway.CallAsync(session, 2, "test/pid")).Status);
        await Assert.ThrowsAsync<IOException>(() => TextAsync(slow));
    }

    [Fact]
    public async Task A_client_that_reads_slowly_loses_nothing_while_the_server_waits()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { MaxQueued = 1 });
        var session = await gateway.OpenAsync();
        var slow = await gateway.CallAsync(session, 1, "test/flow");
        Assert.Equal(501, (await EventsAsync(slow.Body!, 501)).Count);
    }

    [Fact]
    public async Task Requests_beyond_the_bound_are_refused_with_429()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { MaxPending = 2 });
        var session = await gateway.OpenAsync();
        _ = gateway.CallAsync(session, 1, "test/silent");
        _ = gateway.CallAsync(session, 2, "test/silent");
        var answer = await gateway.CallAsync(session, 3, "test/pid");
        Assert.Equal(429, answer.Status);
    }

    private static bool IsGone(int pid) => ProcessStart.Of(pid) is null || File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ");
}
