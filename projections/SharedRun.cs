namespace McpLedger.Projections;

/// <summary>
/// Something long that runs one at a time: whoever asks while one goes on waits for that one, and it goes on when whoever asked is gone.
/// </summary>
/// <param name="run">What runs, until it is done or cancelled.</param>
/// <param name="failed">Told of every failure, since who asked may be gone by then.</param>
/// <param name="stopping">Ends the run: the process stops.</param>
internal sealed class SharedRun<T>(Func<CancellationToken, ValueTask<T>> run, Action<Exception> failed, CancellationToken stopping) : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private Task<T>? _running;

    /// <summary>Begins a run, or joins the one that goes on.</summary>
    /// <param name="cancellationToken">Ends the waiting, not the run.</param>
    public async ValueTask<T> JoinAsync(CancellationToken cancellationToken)
    {
        Task<T> running;
        lock (_gate)
        {
            if (_running is not { IsCompleted: false })
            {
                _running = Task.Run(ToTheEndAsync, CancellationToken.None);
            }

            running = _running;
        }

        return await running.WaitAsync(cancellationToken);
    }

    /// <summary>Waits for a run that goes on; the process that stops has ended it by then.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_running is Task running)
        {
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<T> ToTheEndAsync()
    {
        try
        {
            return await run(stopping);
        }
        catch (Exception e)
        {
            failed(e);
            throw;
        }
    }
}
