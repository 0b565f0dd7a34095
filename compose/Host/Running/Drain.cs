using System.Runtime.InteropServices;

namespace McpLedger.Host.Running;

/// <summary>
/// How a process ends without failing a call: it looks unready, goes on serving until balancers have looked away, and only then closes its door.
/// A second signal ends the waiting.
/// </summary>
internal sealed class Drain(TimeProvider time) : IDisposable
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _hurried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _signals = [];

    /// <summary>Whether the process is on its way out.</summary>
    public bool HasBegun => _begun.Task.IsCompleted;

    /// <summary>Begins, or when it has begun ends the waiting.</summary>
    public void Ask()
    {
        if (!_begun.TrySetResult())
        {
            _hurried.TrySetResult();
        }
    }

    /// <summary>Takes SIGTERM and Ctrl-C from now on.</summary>
    public void TakeSignals()
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, taken =>
            {
                taken.Cancel = true;
                Ask();
            }));
        }
    }

    /// <summary>Returns when the door may be closed: <paramref name="longest"/> after the first signal, or at once when a part of the process has given up.</summary>
    public async Task WaitAsync(IHostApplicationLifetime lifetime, TimeSpan longest, HostTelemetry telemetry)
    {
        await using var stopping = lifetime.ApplicationStopping.Register(() =>
        {
            _begun.TrySetResult();
            _hurried.TrySetResult();
        });
        await _begun.Task;
        if (longest > TimeSpan.Zero && !_hurried.Task.IsCompleted)
        {
            telemetry.LogDraining(longest);
            await Task.WhenAny(_hurried.Task, Task.Delay(longest, time));
        }
    }

    /// <summary>While it ends, a client is told to make its next connection elsewhere.</summary>
    public Task SayGoodbyeAsync(HttpContext context, RequestDelegate next)
    {
        if (HasBegun && HttpProtocol.IsHttp11(context.Request.Protocol))
        {
            context.Response.Headers.Connection = "close";
        }

        return next(context);
    }

    public void Dispose() => _signals.ForEach(s => s.Dispose());
}
