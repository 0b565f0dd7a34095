using System.Diagnostics;
using McpLedger.Gateway.Upstreams.Bridging;
using McpLedger.Gateway.Upstreams.Stdio;
using Microsoft.Extensions.Time.Testing;
using static McpLedger.Gateway.Tests.Upstreams.BridgeHarness;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task A_child_sees_its_configured_environment_and_nothing_of_the_gateways()
    {
        Environment.SetEnvironmentVariable("MCPLEDGER_TEST_SECRET", "leaked");
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with { Environment = s.Environment.Add("TOKEN", "t-1") }));
        var session = await gateway.OpenAsync();
        var text = await TextAsync(await gateway.CallAsync(session, 1, "test/env"));
        var names = text.Split("\"env\":\"")[1].Split(';').Select(variable => variable.Split('=')[0]).Where(name => name.Length is > 1 and < 30).ToList();
        Assert.Contains("TOKEN=t-1", text);
        Assert.All(names, name => Assert.Contains(name, new[] { "PATH", "HOME", "LANG", "TMPDIR", "MODE", "TOKEN", "PWD", "OLDPWD", "SHLVL", "\"}}" }));
    }

    [Fact]
    public async Task Arguments_reach_the_program_as_they_are()
    {
        var odd = "$(touch /tmp/x) `id` \"'; rm -rf ~ \\ *";
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with
        {
            Command = "sh",
            Arguments = ["-c", """read line; printf '{"jsonrpc":"2.0","id":0,"error":{"code":1,"message":"%s"}}\n' "$(printf %s "$1" | od -An -tx1 | tr -d ' \n')" """, "sh", odd],
        }));
        var answer = await gateway.PostAsync(null, """{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""");
        Assert.Contains(Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(odd)), await TextAsync(answer));
    }

    [Theory]
    [InlineData("no-such-program-anywhere")]
    [InlineData("/no/such/program")]
    [InlineData("/etc/passwd")]
    public async Task A_command_that_is_no_program_is_named_and_takes_no_place(string command)
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with { Command = command, MaxProcesses = 1 }));
        for (var i = 0; i < 3; i++)
        {
            var answer = await gateway.CallAsync(null, 0, "initialize");
            Assert.Equal(502, answer.Status);
            Assert.Contains(command, answer.Fault);
        }
    }

    [Fact]
    public async Task A_working_directory_that_is_missing_is_a_clear_fault()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with { WorkingDirectory = "/no/such/folder" }));
        var answer = await gateway.CallAsync(null, 0, "initialize");
        Assert.Equal(502, answer.Status);
        Assert.Contains("cannot be started", answer.Fault);
    }

    [Fact]
    public async Task A_request_with_the_id_that_initialize_had_may_fail_without_the_session()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var session = await gateway.OpenAsync();
        Assert.Contains("no such method", await TextAsync(await gateway.CallAsync(session, 0, "no/such")), StringComparison.Ordinal);
        Assert.Contains("pid", await TextAsync(await gateway.CallAsync(session, 0, "test/pid")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sessions_beyond_the_processes_allowed_are_refused_with_what_to_do()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy", s => s with { MaxProcesses = 2 }));
        var first = await gateway.OpenAsync();
        await gateway.OpenAsync();
        var refused = await gateway.CallAsync(null, 0, "initialize");
        Assert.Equal(503, refused.Status);
        Assert.Contains("maxProcesses", refused.Fault);
        await gateway.SendAsync("DELETE", first, null);
        await UntilAsync(() => gateway.Children!.ProcessCount == 1, "a place is free");
        await gateway.OpenAsync();
    }

    [Fact]
    public async Task An_idle_session_ends_and_one_in_use_does_not()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { KeepAlive = TimeSpan.FromDays(1) }, time);
        var (idle, waiting, listening) = (await gateway.OpenAsync(), await gateway.OpenAsync(), await gateway.OpenAsync());
        _ = gateway.CallAsync(waiting, 1, "test/silent");
        await gateway.SendAsync("GET", listening, null);
        var limit = gateway.Server.Stdio!.IdleTimeout;
        time.Advance(limit - TimeSpan.FromSeconds(6));
        Assert.Equal(3, gateway.Children!.SessionCount);
        time.Advance(TimeSpan.FromSeconds(10));
        await UntilAsync(() => gateway.Children!.ProcessCount == 2, "the idle session ends");
        Assert.Equal(404, (await gateway.CallAsync(idle, 1, "test/pid")).Status);
        Assert.Equal(200, (await gateway.CallAsync(waiting, 2, "test/pid")).Status);
        Assert.Equal(200, (await gateway.CallAsync(listening, 1, "test/pid")).Status);
    }

    [Fact]
    public async Task A_session_that_was_only_listened_to_is_idle_from_when_its_stream_dropped()
    {
        var time = new FakeTimeProvider();
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"), new BridgeLimits { KeepAlive = TimeSpan.FromDays(1) }, time);
        var session = await gateway.OpenAsync();
        var limit = gateway.Server.Stdio!.IdleTimeout;
        var stream = (await gateway.SendAsync("GET", session, null)).Body!;
        time.Advance(limit * 2);

        await stream.DisposeAsync();
        time.Advance(limit - TimeSpan.FromSeconds(6));

        Assert.Equal(1, gateway.Children!.SessionCount);
        await using (var again = (await gateway.SendAsync("GET", session, null, "0")).Body!)
        {
            time.Advance(limit * 2);
        }

        time.Advance(limit + TimeSpan.FromSeconds(6));
        Assert.Equal(0, gateway.Children.SessionCount);
    }

    [Fact]
    public async Task A_reload_ends_sessions_of_servers_that_are_gone_or_started_differently()
    {
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        await gateway.OpenAsync();
        gateway.Children!.Reload(new Dictionary<string, McpLedger.Gateway.Configuration.ServerConfig> { ["shell"] = ShellServer.Config("legacy") });
        Assert.Equal(1, gateway.Children.SessionCount);
        gateway.Children.Reload(new Dictionary<string, McpLedger.Gateway.Configuration.ServerConfig> { ["shell"] = ShellServer.Config("modern") });
        Assert.Equal(0, gateway.Children.SessionCount);
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "the process ends");
    }

    [Fact]
    public async Task Disposing_the_bridge_leaves_no_process()
    {
        var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        var sessions = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => gateway.OpenAsync()));
        Assert.Equal(20, sessions.Distinct().Count());
        Assert.Equal(20, gateway.Children!.ProcessCount);
        await gateway.DisposeAsync();
        Assert.Equal(0, gateway.Children.ProcessCount);
    }

    [Fact]
    public async Task Children_end_when_the_gateway_is_killed()
    {
        Assert.SkipUnless(ProcessGroup.Setsid is not null, "There is no setsid on this system.");
        using var watch = new GroupWatch(Stdio());
        using var ended = Process.Start(ProcessGroup.Setsid!, ["sh", "-c", "trap '' HUP; sleep 1000 & wait"]);
        using var finished = Process.Start(ProcessGroup.Setsid!, ["sleep", "1000"]);
        watch.Add(finished.Id);
        watch.Add(ended.Id);
        watch.Remove(finished.Id);

        // All that the watch sees of a killed gateway is the end of its pipe.
        watch.Dispose();
        await ended.WaitForExitAsync().WaitAsync(Patience);
        Assert.False(finished.HasExited);
        finished.Kill();
    }

    [Fact]
    public async Task Strays_of_an_earlier_run_are_ended_only_when_they_are_the_same_process()
    {
        Assert.SkipUnless(ProcessGroup.Setsid is not null, "There is no setsid on this system.");
        var folder = Directory.CreateTempSubdirectory("mcpledger-strays-").FullName;
        using var stray = Process.Start(ProcessGroup.Setsid!, ["sleep", "1000"]);
        using var other = Process.Start(ProcessGroup.Setsid!, ["sleep", "1000"]);
        var earlier = new ChildRecords(folder, Stdio());
        earlier.Add(stray.Id, "shell");
        earlier.Add(other.Id, "shell");
        var file = Path.Combine(folder, $"{other.Id}.child");
        var record = (await File.ReadAllTextAsync(file)).Split(' ');
        record[2] = "1";
        await File.WriteAllTextAsync(file, string.Join(' ', record));
        await File.WriteAllTextAsync(Path.Combine(folder, "1.child"), "garbage");
        new ChildRecords(folder, Stdio()).EndStrays();
        await stray.WaitForExitAsync().WaitAsync(Patience);
        Assert.False(other.HasExited);
        Assert.Empty(Directory.GetFiles(folder));
        other.Kill();
        Directory.Delete(folder, recursive: true);
    }
}
