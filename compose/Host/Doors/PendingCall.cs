namespace McpLedger.Host.Doors;

/// <summary>A request that the client waits for: first for its turn, then for the answer.</summary>
internal sealed class PendingCall : IDisposable
{
    private const int Waiting = 0;
    private const int Sent = 1;
    private const int Withdrawn = 2;
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenSource _unwanted;
    private int _state;

    public PendingCall(CancellationToken ending)
    {
        _source = CancellationTokenSource.CreateLinkedTokenSource(ending);
        _unwanted = CancellationTokenSource.CreateLinkedTokenSource(_source.Token);
    }

    public CancellationToken Token => _source.Token;

    /// <summary>Fires when the client waits for no answer any more, also where the request goes on because hanging up on it says nothing.</summary>
    public CancellationToken Unwanted => _unwanted.Token;

    /// <summary>Whether it may be sent: it was not withdrawn, and now cannot be any more.</summary>
    public bool TrySend() => Interlocked.CompareExchange(ref _state, Sent, Waiting) == Waiting;

    /// <summary>Whether it is taken back before anybody has heard of it.</summary>
    public bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) == Waiting;

    public Task CancelAsync() => CancelAsync(_source);

    /// <summary>Says that no answer is wanted, and leaves the request alone.</summary>
    public Task DisclaimAsync() => CancelAsync(_unwanted);

    public void Dispose()
    {
        _unwanted.Dispose();
        _source.Dispose();
    }

    private static async Task CancelAsync(CancellationTokenSource source)
    {
        try
        {
            await source.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It was answered meanwhile.
        }
    }
}
