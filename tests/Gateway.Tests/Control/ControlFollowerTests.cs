using McpLedger.Contracts.Events;
using McpLedger.Gateway.Control;
using McpLedger.Streaming;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Gateway.Tests.Control;

public sealed class ControlFollowerTests : IAsyncDisposable
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromMinutes(15);
    private readonly FakeTimeProvider _time = new();
    private readonly Log _log = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().AddLogging().AddSingleton<GatewayTelemetry>().BuildServiceProvider();
    private readonly ControlState _state;
    private readonly ControlFollower _follower;

    public ControlFollowerTests()
    {
        _state = new(StaleAfter, _time);
        _follower = new(_log, _state, _services.GetRequiredService<GatewayTelemetry>(), _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _follower.StopAsync(CancellationToken.None);
        _follower.Dispose();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task A_log_to_which_nothing_is_written_is_known_to_its_end_however_long_that_lasts()
    {
        await _follower.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => _state.IsCurrent);

        for (var began = _time.GetTimestamp(); _time.GetElapsedTime(began) < 2 * StaleAfter;)
        {
            await LookAsync();
        }

        Assert.True(_state.IsCurrent);
    }

    [Fact]
    public async Task What_is_known_of_a_log_that_is_away_holds_for_a_while_and_no_longer()
    {
        await _follower.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => _state.IsCurrent);
        _log.Away = true;

        _time.Advance(StaleAfter);
        Assert.True(_state.IsCurrent);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(_state.IsCurrent);
        Assert.NotNull(_state.Unread);

        _log.Away = false;
        await LookAsync();
        Assert.True(_state.IsCurrent);
    }

    [Fact]
    public async Task What_stands_behind_damage_may_be_a_revocation()
    {
        await _follower.StartAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => _state.IsCurrent);

        _log.Damage = "a checksum does not hold";
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return !_state.IsCurrent;
        });
        Assert.Null(_state.Unread);

        _log.Damage = null;
        await LookAsync();
        Assert.True(_state.IsCurrent);
    }

    // The clock may be moved before the follower comes to wait for it.
    private async Task LookAsync()
    {
        var reads = _log.Reads;
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(TimeSpan.FromSeconds(5));
            return _log.Reads > reads && _state.Unread < TimeSpan.FromSeconds(10);
        });
    }

    /// <summary>A control log with nothing in it.</summary>
    private sealed class Log : ILedgerReader
    {
        private int _reads;
        private volatile bool _away;
        private volatile string? _damage;

        public bool Away
        {
            get => _away;
            set => _away = value;
        }

        public string? Damage
        {
            get => _damage;
            set => _damage = value;
        }

        public int Reads => Volatile.Read(ref _reads);

        public IReadOnlyList<LedgerPartition> Partitions => [LedgerPartition.Control];

        public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => new(new LedgerBounds(0, 0));

        public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            return Away ? throw new IOException("no broker answers") : new(new ReadBatch([], from, Damage));
        }

        public async ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => await Task.Delay(Timeout.Infinite, cancellationToken);
    }
}
