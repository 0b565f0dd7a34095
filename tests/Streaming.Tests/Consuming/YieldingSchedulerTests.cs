using System.Globalization;
using McpLedger.Streaming.Consuming;

namespace McpLedger.Streaming.Tests.Consuming;

public sealed class YieldingSchedulerTests
{
    [Fact]
    public async Task Work_and_what_follows_its_awaits_run_on_one_thread_that_gives_way()
    {
        using var scheduler = new YieldingScheduler("yields");
        var (before, after) = await scheduler.RunAsync(
            async () =>
            {
                var before = Thread.CurrentThread;
                await Task.Delay(1, CancellationToken.None);
                return (before, Thread.CurrentThread);
            },
            CancellationToken.None);

        Assert.Same(before, after);
        Assert.Equal(("yields", false), (after.Name, after.IsThreadPoolThread));
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows a thread's nice value under /proc.");
        var thread = Directory.EnumerateDirectories("/proc/self/task").Single(t => NameOf(t) == "yields");
        var stat = await File.ReadAllTextAsync(Path.Combine(thread, "stat"), CancellationToken.None);

        // Field 19 of proc(5), counted from behind the name, which may hold spaces.
        Assert.Equal(10, int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task What_was_begun_is_done_before_it_ends()
    {
        var done = 0;
        Task<int> work;
        using (var scheduler = new YieldingScheduler("ends"))
        {
            work = scheduler.RunAsync(() => Task.FromResult(Interlocked.Increment(ref done)), CancellationToken.None);
        }

        Assert.Equal((1, 1), (done, await work));
    }

    // Threads of other tests end while they are listed.
    private static string? NameOf(string thread)
    {
        try
        {
            return File.ReadAllText(Path.Combine(thread, "comm")).Trim();
        }
        catch (IOException)
        {
            return null;
        }
    }
}
