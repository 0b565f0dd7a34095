using System.Runtime.InteropServices;

namespace McpLedger.Host.Running;

/// <summary>
/// How a process ends without failing a call: it looks unready, goes on serving until balancers have looked away, and only then closes its door.
/// A second signal ends the waiting. It is the host's lifetime, so that nothing else hears the signals: the framework's own would close the door at the first.
/// </summary>
internal sealed class Drain(IHostApplicationLifetime lifetime, HostTelemetry telemetry, TimeProvider time) : IHostLifetime, IDisposable
{
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<PosixSignalRegistration> _signals = [];
    private volatile bool _serves;
    private volatile bool _asked;

    /// <summary>Whether the process is on its way out.</summary>
    public bool HasBegun => _begun.Task.IsCompleted;

    /// <summary>Begins; when it has begun, or nothing is served yet, ends the waiting.</summary>
    public void Ask()
    {
        _asked = true;
        if (!_begun.TrySetResult() || !_serves)
        {
            lifetime.StopApplication();
        }
    }

    /// <summary>Takes SIGTERM and Ctrl-C from the host's start on.</summary>
    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT])
        {
            _signals.Add(PosixSignalRegistration.Create(signal, taken =>
            {
                taken.Cancel = true;
                Ask();
            }));
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>
    /// To be called once calls are served. Returns when the door may be closed: <paramref name="longest"/> after the first signal, or at once when a part of
    /// the process has given up.
    /// </summary>
    /// <returns>Whether it was asked to end; false when a part of it gave up.</returns>
    public async Task<bool> WaitAsync(TimeSpan longest)
    {
        var hurried = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var stopping = lifetime.ApplicationStopping.Register(() =>
        {
            _begun.TrySetResult();
            hurried.TrySetResult();
        });
        _serves = true;
        await _begun.Task;
        if (longest > TimeSpan.Zero && !hurried.Task.IsCompleted)
        {
            telemetry.LogDraining(longest);
            await Task.WhenAny(hurried.Task, Task.Delay(longest, time));
        }

        return _asked;
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
