using System.Runtime.InteropServices;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>Says when a long run is to end: after its time, or on SIGINT or SIGTERM. The run then tells what it measured, and stops what it started.</summary>
internal sealed class Ending : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly PosixSignalRegistration[] _signals;

    /// <param name="options">With <c>--minutes</c> the longest time.</param>
    public Ending(Options options)
    {
        _source = new(options.Has("minutes") ? TimeSpan.FromMinutes(options.Number("minutes", 0)) : Timeout.InfiniteTimeSpan);
        _signals = [PosixSignalRegistration.Create(PosixSignal.SIGINT, End), PosixSignalRegistration.Create(PosixSignal.SIGTERM, End)];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (var signal in _signals)
        {
            signal.Dispose();
        }

        _source.Dispose();
    }

    private void End(PosixSignalContext context)
    {
        context.Cancel = true;
        _source.Cancel();
    }
}
