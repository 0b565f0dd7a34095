namespace McpLedger.Streaming.Kafka;

/// <summary>A look that is taken every so often, and soon where somebody doubts. One at a time: where nothing answers a look lasts, and whoever reads doubts at each try.</summary>
internal sealed class RepeatedLook : IAsyncDisposable
{
    private static readonly TimeSpan Doubting = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly TimeSpan _every;
    private readonly Func<Task<bool>> _look;
    private readonly ITimer _timer;
    private bool _isLooking;
    private bool _isDoubted;

    /// <param name="every">Time from one look to the next.</param>
    /// <param name="look">Looks; false ends it.</param>
    /// <param name="time">The clock.</param>
    public RepeatedLook(TimeSpan every, Func<Task<bool>> look, TimeProvider time)
    {
        (_every, _look) = (every, look);
        _timer = time.CreateTimer(static repeated => _ = ((RepeatedLook)repeated!).LookAsync(), this, every, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Looks soon, or soon after the look that is under way: what that one saw may be older.</summary>
    public void Doubt()
    {
        lock (_gate)
        {
            if (!_isDoubted && !_isLooking)
            {
                _timer.Change(Doubting, Timeout.InfiniteTimeSpan);
            }

            _isDoubted = true;
        }
    }

    public ValueTask DisposeAsync() => _timer.DisposeAsync();

    private async Task LookAsync()
    {
        lock (_gate)
        {
            if (_isLooking)
            {
                return;
            }

            (_isLooking, _isDoubted) = (true, false);
        }

        if (!await _look().ConfigureAwait(false))
        {
            return;
        }

        lock (_gate)
        {
            _isLooking = false;
            _timer.Change(_isDoubted ? Doubting : _every, Timeout.InfiniteTimeSpan);
        }
    }
}
