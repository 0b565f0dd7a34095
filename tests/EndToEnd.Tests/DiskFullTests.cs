using System.Diagnostics;
using McpLedger.Contracts.Events;
using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Processes;

namespace McpLedger.EndToEnd.Tests;

/// <summary>I1 on a disk that is really full: a small tmpfs.</summary>
[Collection(BackstageCollection.Name)]
public sealed class DiskFullTests
{
    private static readonly string Argument = $$"""{"text":"{{new string('x', 20_000)}}"}""";

    [Fact]
    public async Task A_full_disk_refuses_calls_and_recovers_by_itself()
    {
        using var disk = SmallDisk.TryMount("160m");
        Assert.SkipWhen(disk is null, "a tmpfs can only be mounted by root");
        await using var upstream = await ScriptedUpstream.SayingAsync("done");
        await using var instance = await McpLedgerInstance.StartAsync(disk.Path, GatewayUnderTest.ConfigFor("scripted", upstream.Address));
        using var wire = new Wire(instance.Endpoint("scripted"));
        Assert.Equal(200, (await wire.CallAsync(1, "write", Argument)).Status);

        disk.Fill();
        var refused = await CallUntilAsync(wire, status => status == 503);
        var reached = upstream.Requests;
        Assert.Equal(503, (await wire.CallAsync(2, "write", Argument)).Status);

        Assert.NotNull(refused.Message["error"]);
        Assert.NotNull(refused.Message["id"]);
        Assert.Equal(reached, upstream.Requests);

        disk.Empty();
        await CallUntilAsync(wire, status => status == 200);
        Assert.Equal(200, (await wire.CallAsync(3, "write", Argument)).Status);
        var completed = (await Backstage.CallsAsync(instance)).Select(each => each.Data).OfType<CallCompleted>().Select(call => call.What.Id.ToString());
        Assert.Contains("1", completed);
        Assert.Contains("3", completed);
    }

    // Segments are set aside in advance, so it takes calls to meet the end of the disk; and a probe to notice that it has room again.
    private static async Task<WireAnswer> CallUntilAsync(Wire wire, Func<int, bool> enough)
    {
        var id = 1000;
        var patience = Stopwatch.StartNew();
        while (true)
        {
            var answer = await wire.CallAsync(id++, "write", Argument);
            if (enough(answer.Status))
            {
                return answer;
            }

            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(60), $"still {answer.Status}: {answer.Body}");
        }
    }

    private sealed class SmallDisk : IDisposable
    {
        private readonly TemporaryFolder _folder = new();

        public string Path => _folder.Path;

        private string Ballast => System.IO.Path.Combine(Path, "ballast");

        public static SmallDisk? TryMount(string size)
        {
            var disk = new SmallDisk();
            if (Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={size}", "none", disk.Path) == 0)
            {
                return disk;
            }

            disk._folder.Dispose();
            return null;
        }

        /// <summary>Takes every free byte.</summary>
        public void Fill()
        {
            using var file = new FileStream(Ballast, FileMode.Append);
            var bytes = new byte[1 << 20];
            try
            {
                while (true)
                {
                    file.Write(bytes);
                    file.Flush();
                    if (new DriveInfo(Path).AvailableFreeSpace < bytes.Length)
                    {
                        bytes = new byte[4096];
                    }
                }
            }
            catch (IOException)
            {
                // Full: that was the point.
            }
        }

        public void Empty() => File.Delete(Ballast);

        public void Dispose()
        {
            Run("umount", "-l", Path);
            _folder.Dispose();
        }

        private static int Run(string program, params string[] arguments)
        {
            using var process = Process.Start(program, arguments);
            process.WaitForExit();
            return process.ExitCode;
        }
    }
}
