namespace McpLedger.Host.Doors;

/// <summary>A request that the client waits for: first for its turn, then for the answer.</summary>
internal sealed class PendingCall(CancellationToken ending) : IDisposable
{
    private const int Waiting = 0;
    private const int Sent = 1;
    private const int Withdrawn = 2;
    private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(ending);
    private int _state;

    public CancellationToken Token => _source.Token;

    /// <summary>Whether it may be sent: it was not withdrawn, and now cannot be any more.</summary>
    public bool TrySend() => Interlocked.CompareExchange(ref _state, Sent, Waiting) == Waiting;

    /// <summary>Whether it is taken back before anybody has heard of it.</summary>
    public bool TryWithdraw() => Interlocked.CompareExchange(ref _state, Withdrawn, Waiting) == Waiting;

    public async Task CancelAsync()
    {
        try
        {
            await _source.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // It was answered meanwhile.
        }
    }

    public void Dispose() => _source.Dispose();
}
