using Microsoft.Extensions.Hosting;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>Deletes indices whose stretch of time is older than is kept: at start and every hour.</summary>
internal sealed class ElasticRetention(ElasticState state, ElasticOptions options, TimeProvider time, ElasticTelemetry telemetry) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    /// <returns>Names of the indices that were deleted.</returns>
    public async ValueTask<IReadOnlyList<string>> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Keep is not { } keep)
        {
            return [];
        }

        var horizon = time.GetUtcNow() - keep;
        var indices = await state.IndicesAsync(cancellationToken).ConfigureAwait(false);
        string[] old = [.. indices.Where(i => i.End <= horizon).OrderBy(i => i.End).Select(i => i.Name)];
        if (old.Length > 0)
        {
            await state.DeleteAsync(old, cancellationToken).ConfigureAwait(false);
            telemetry.LogExpired(old.Length, old[0]);
        }

        return old;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        do
        {
            try
            {
                await RunOnceAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (ElasticException e)
            {
                telemetry.LogNotExpired(e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false));
    }
}
