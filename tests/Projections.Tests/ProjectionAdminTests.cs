using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Processes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Projections.Tests;

public sealed class ProjectionAdminTests : IAsyncDisposable
{
    private readonly Slow _handler = new();
    private readonly HostLife _life = new();
    private readonly ServiceProvider _services;
    private readonly ProjectionAdmin _admin;

    public ProjectionAdminTests()
    {
        _services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<ProjectionTelemetry>()
            .AddSingleton<IProjectionHandler>(_handler).AddSingleton<IHostApplicationLifetime>(_life)
            .AddSingleton<IParkingLot>(new ParkingFolder(Path.GetTempPath(), TimeProvider.System)).BuildServiceProvider();
        _admin = new(_services);
    }

    public async ValueTask DisposeAsync()
    {
        _life.StopApplication();
        await _admin.DisposeAsync();
        await _services.DisposeAsync();
        _life.Dispose();
    }

    [Fact]
    public async Task A_rebuild_goes_on_when_who_asked_is_gone_and_who_asks_again_waits_for_the_same()
    {
        using var gone = new CancellationTokenSource();
        var first = _admin.RebuildAsync(gone.Token).AsTask();
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var again = _admin.RebuildAsync(CancellationToken.None).AsTask();
        _handler.Release(1);

        Assert.Equal(1, (await again).Events);
        _handler.Release(2);
        Assert.Equal(2, (await _admin.RebuildAsync(CancellationToken.None)).Events);
    }

    [Fact]
    public async Task A_rebuild_ends_with_the_process()
    {
        var rebuild = _admin.RebuildAsync(CancellationToken.None).AsTask();

        _life.StopApplication();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => rebuild);
    }

    private sealed class Slow : IProjectionHandler
    {
        private readonly System.Threading.Channels.Channel<long> _ends = System.Threading.Channels.Channel.CreateUnbounded<long>();

        public void Release(long events) => _ends.Writer.TryWrite(events);

        public async ValueTask<RebuildReport> RebuildAsync(CancellationToken cancellationToken) =>
            new("", "", [], await _ends.Reader.ReadAsync(cancellationToken), 0, 0, IsKept: true, TimeSpan.Zero);

        public ValueTask<long> ForgetDroppedAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask<long> PositionAsync(LedgerPartition partition, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask HandleAsync(ConsumedBatch batch, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
