using System.Diagnostics.CodeAnalysis;

namespace McpLedger.Gateway.Recording;

/// <summary>
/// Tokens that fire when a record has waited too long, shared by all records of the same second: a timer per record would cost more than the wait.
/// </summary>
internal sealed class RecordDeadline(TimeProvider time, TimeSpan longest) : IDisposable
{
    private readonly Lock _gate = new();
    private volatile Slice _current = new(new CancellationTokenSource(), long.MinValue);

    /// <summary>A token that fires between <c>longest</c> and <c>longest</c> + 1 s from now.</summary>
    public CancellationToken Token
    {
        get
        {
            var second = time.GetTimestamp() / time.TimestampFrequency;
            var slice = _current;
            return slice.Second == second ? slice.Source.Token : Next(second);
        }
    }

    public void Dispose() => _current.Source.Dispose();

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "Records that wait still hold its token; its timer ends it.")]
    private CancellationToken Next(long second)
    {
        lock (_gate)
        {
            if (_current.Second != second)
            {
                _current = new(new CancellationTokenSource(longest + TimeSpan.FromSeconds(1), time), second);
            }

            return _current.Source.Token;
        }
    }

    private sealed record Slice(CancellationTokenSource Source, long Second);
}
