using McpLedger.Contracts.Mcp;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Doors;

/// <summary>Where a stream stands: what to ask for, and when, once it has broken off.</summary>
internal sealed class StreamPlace
{
    private static readonly TimeSpan Reopening = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestReopening = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestReopening = TimeSpan.FromMinutes(1);

    private TimeSpan _retry = Reopening;
    private TimeSpan _pause = Reopening;

    public string? LastEvent { get; private set; }

    /// <summary>The pace that the server sets.</summary>
    public TimeSpan Retry => _retry;

    public void Pass(in SseEvent read)
    {
        LastEvent = read.Id is { } id && ServerHeaders.CanBeSent(id) ? id : LastEvent;
        _retry = read.Retry is { } retry ? TimeSpan.FromMilliseconds(Math.Clamp(retry, ShortestReopening.TotalMilliseconds, LongestReopening.TotalMilliseconds)) : _retry;
        _pause = read.Data.Length > 0 ? _retry : _pause;
    }

    /// <returns>Whether there was anything to forget.</returns>
    public bool Forget()
    {
        var had = LastEvent is not null;
        LastEvent = null;
        return had;
    }

    /// <summary>How long to wait now: twice as long as the last time where the stream broke off soon and brought nothing, for each try stands in the ledger.</summary>
    /// <param name="stood">How long it was there.</param>
    public TimeSpan NextPause(TimeSpan stood)
    {
        var pause = stood > LongestReopening || _pause < _retry ? _retry : _pause;
        _pause = pause * 2 < LongestReopening ? pause * 2 : LongestReopening;
        return pause;
    }
}
