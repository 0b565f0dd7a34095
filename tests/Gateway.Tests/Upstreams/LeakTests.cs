using System.Diagnostics;
using static McpLedger.Gateway.Tests.Upstreams.BridgeHarness;

namespace McpLedger.Gateway.Tests.Upstreams;

/// <summary>Alone in the process, since what is counted belongs to the process.</summary>
[CollectionDefinition(DisableParallelization = true)]
public sealed class Alone;

[Collection(typeof(Alone))]
public sealed class LeakTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Nothing_is_left_after_500_sessions()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Counts what /proc shows.");
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        await RunAsync(gateway, 50);
        var before = Measure();
        await RunAsync(gateway, 500);
        var after = Measure();
        output.WriteLine($"before {before}\nafter {after}");
        Assert.InRange(after.Children, 0, before.Children);
        Assert.Equal(0, gateway.Children!.SessionCount);
        Assert.Empty(Directory.GetFiles(gateway.Folder, "*.child"));

        // The runtime's pool comes and goes by a few; one leaked by each session would be 500.
        Assert.True(after.Handles - before.Handles < 50, $"{after.Handles - before.Handles} handles more");
        Assert.True(after.Threads - before.Threads < 50, $"{after.Threads - before.Threads} threads more");
        Assert.True(after.Memory - before.Memory < 1_000_000, $"{after.Memory - before.Memory} bytes more");
    }

    [Fact]
    public async Task Processes_that_wait_hold_no_thread()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Counts what /proc shows.");
        await using var gateway = new BridgeHarness(ShellServer.Config("legacy"));
        await RunAsync(gateway, 20);
        var before = Measure();
        var sessions = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => gateway.OpenAsync()));
        var calls = sessions.Select(session => gateway.CallAsync(session, 1, "test/silent")).ToList();
        foreach (var session in sessions)
        {
            await TextAsync(await gateway.CallAsync(session, 2, "test/pid"));
        }

        var during = Measure();
        output.WriteLine($"before {before}\nduring {during}");
        Assert.True(during.Threads - before.Threads < 30, $"{during.Threads - before.Threads} more threads for 60 processes");
        Assert.All(calls, call => Assert.False(call.IsCompleted));
    }

    private static async Task RunAsync(BridgeHarness gateway, int sessions)
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async lane =>
        {
            for (var n = lane; n < sessions; n += 10)
            {
                await RunAsync(gateway, isCrashing: n % 3 == 0);
            }
        }));
        await UntilAsync(() => gateway.Children!.ProcessCount == 0, "all processes end");
    }

    private static async Task RunAsync(BridgeHarness gateway, bool isCrashing)
    {
        var session = await gateway.OpenAsync();
        var get = await gateway.SendAsync("GET", session, null);
        await TextAsync(await gateway.CallAsync(session, 1, "test/progress"));
        await gateway.CallAsync(session, 2, "test/changed");
        await EventsAsync(get.Body!, 1);
        if (isCrashing)
        {
            await gateway.CallAsync(session, 3, "test/exit");
        }

        await gateway.SendAsync("DELETE", session, null);
    }

    private static Measured Measure()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var self = Process.GetCurrentProcess();
        var children = Directory.GetDirectories("/proc").Count(folder => int.TryParse(Path.GetFileName(folder), out var id) && ParentOf(id) == self.Id);
        return new(children, Directory.GetFiles("/proc/self/fd").Length, self.Threads.Count, GC.GetTotalMemory(forceFullCollection: true));
    }

    private static int ParentOf(int id)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1]);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    private sealed record Measured(int Children, int Handles, int Threads, long Memory);
}
