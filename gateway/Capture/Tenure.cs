using McpLedger.Gateway.Control;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Gateway.Capture;

/// <summary>Says how long streams stand open that have no end of their own.</summary>
internal sealed class Tenures(ControlState control, IHostApplicationLifetime lifetime, TimeProvider time)
{
    /// <summary>Begins one.</summary>
    /// <param name="exchange">The request that asked for the stream.</param>
    /// <param name="gone">Fires when its client takes it no more.</param>
    public Tenure Begin(Exchange exchange, CancellationToken gone) => new(exchange.Principal.Key, control, time, gone, lifetime.ApplicationStopping);
}

/// <summary>
/// How long one stream stands open: while its client takes it, the gateway runs, and the key that opened it is in force. Nothing may come on such a stream for days,
/// so that is asked now and then, and not only when something is about to pass.
/// </summary>
internal sealed class Tenure : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);
    private readonly string? _key;
    private readonly ControlState _control;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _over;
    private readonly ITimer? _timer;

    public Tenure(string? key, ControlState control, TimeProvider time, CancellationToken gone, CancellationToken stopping)
    {
        (_key, _control, _time) = (key, control, time);
        _over = CancellationTokenSource.CreateLinkedTokenSource(gone, stopping);
        _timer = key is null ? null : time.CreateTimer(static state => ((Tenure)state!).Look(), this, Pause, Pause);
    }

    /// <summary>Fires when it is over.</summary>
    public CancellationToken Over => _over.Token;

    /// <summary>Whether the key that opened the stream is no longer in force, so that nothing more may pass.</summary>
    public bool IsWithdrawn => _key is not null && !_control.Keys.Holds(_key, _time.GetUtcNow());

    /// <summary>Ends it before its time.</summary>
    public void End() => _over.Cancel();

    public async ValueTask DisposeAsync()
    {
        if (_timer is not null)
        {
            // Waits for a look that is under way: on a source that is gone it would throw, on a thread where nothing catches it.
            await _timer.DisposeAsync();
        }

        _over.Dispose();
    }

    private void Look()
    {
        if (IsWithdrawn)
        {
            End();
        }
    }
}
