using System.Diagnostics;
using McpLedger.Host.Running;

namespace McpLedger.Host.Tests.Running;

public sealed class RunningInstanceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("mcpl-instance-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Who_asks_is_not_the_instance()
    {
        // As in a container, where the instance that was killed and the verb after it are both process 1.
        RunningInstance.OfThisProcess(new("http://127.0.0.1:1"), null, "").Announce(_folder);

        Assert.Null(RunningInstance.Find(_folder));
    }

    [Fact]
    public void A_process_that_was_given_the_same_id_is_not_the_instance()
    {
        var living = Process.GetProcesses().First(p => p.Id > 0 && p.Id != Environment.ProcessId);
        new RunningInstance(new("http://127.0.0.1:1"), living.Id, null, "") { Began = "1" }.Announce(_folder);

        Assert.Null(RunningInstance.Find(_folder));
    }
}
