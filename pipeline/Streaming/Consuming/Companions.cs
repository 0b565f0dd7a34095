namespace McpLedger.Streaming.Consuming;

/// <summary>Work that goes on side by side for as long as a process lives.</summary>
public static class Companions
{
    /// <summary>Runs them all. Where one fails the others are cancelled too, and its failure comes out: waiting for those that never end by themselves, nobody would hear of it.</summary>
    public static async Task RunAsync(IEnumerable<Func<CancellationToken, Task>> works, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task[] running = [.. works.Select(work => work(ending.Token))];
        await foreach (var ended in Task.WhenEach(running).ConfigureAwait(false))
        {
            if (!ended.IsCompletedSuccessfully)
            {
                await ending.CancelAsync().ConfigureAwait(false);
            }
        }

        await Task.WhenAll(running).ConfigureAwait(false);
    }
}
