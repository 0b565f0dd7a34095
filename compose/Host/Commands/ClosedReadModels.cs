using McpLedger.Host.Doors;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Host.Commands;

/// <summary>The embedded read models while no instance runs. They are written under the ledger's own lock: an instance may be starting, or run where its process is not seen.</summary>
internal static class ClosedReadModels
{
    public static async Task<DoorAnswer<T>> WithAsync<T>(string folder, Func<ProjectionHome, EmbeddedLedgerFiles, Task<T>> use)
        where T : class
    {
        if (!EmbeddedLedgerFiles.AreIn(folder))
        {
            return new(null, RecordedLedger.NoneIn(folder), ExitCode.Unavailable);
        }

        try
        {
            using var held = FolderLock.TryTake(Path.Combine(folder, "ledger"), out var holder);
            if (held is null)
            {
                return new(null, $"the ledger in {folder} is locked by process {holder}. Fix: wait until that is done, or ask the instance: --api.", ExitCode.Unavailable);
            }

            using var home = ProjectionHome.Open(Path.Combine(folder, "readmodels"), TimeProvider.System);
            return new(await use(home, EmbeddedLedgerFiles.OpenReadOnly(folder, TimeProvider.System)), null, ExitCode.Ok);
        }
        catch (IOException e)
        {
            return new(null, e.Message, ExitCode.Unavailable);
        }
    }
}
