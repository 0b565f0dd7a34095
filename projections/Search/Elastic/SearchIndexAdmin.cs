using McpLedger.Streaming.Parking;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>What an operator can do to the search engine's index.</summary>
public sealed class SearchIndexAdmin : IAsyncDisposable
{
    private readonly SharedRun<ReindexReport> _reindex;
    private readonly ElasticDigest _digest;
    private readonly IParkingLot _parking;

    /// <summary>Takes what the instance's container holds.</summary>
    /// <param name="provider">The container that <see cref="ElasticExtensions.AddElasticIndex"/> filled.</param>
    public SearchIndexAdmin(IServiceProvider provider)
    {
        _digest = provider.GetRequiredService<ElasticDigest>();
        _parking = provider.GetRequiredService<IParkingLot>();
        var telemetry = provider.GetRequiredService<ElasticTelemetry>();
        _reindex = new(provider.GetRequiredService<ElasticReindex>().RunAsync, e => telemetry.LogNotBuilt(e.Message), provider.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None);
    }

    /// <summary>Builds the index anew from the ledger beside the one in force, which answers meanwhile. One at a time: whoever asks while one goes on waits for that one.</summary>
    /// <param name="cancellationToken">Ends the waiting. The rebuilding goes on until the process stops.</param>
    /// <exception cref="IOException">The ledger is damaged, the engine fails, or another rebuilding was quicker; the index in force stays, unless the message says that the new one is in force already.</exception>
    public ValueTask<ReindexReport> ReindexAsync(CancellationToken cancellationToken) => _reindex.JoinAsync(cancellationToken);

    /// <summary>How many events are in the index, and a SHA-256 over their ids, 16 bytes each, from the least on: what is in the ledger and in the read models must have the same.</summary>
    /// <exception cref="IOException">The engine fails.</exception>
    public ValueTask<(long Events, string Sha256)> DigestAsync(CancellationToken cancellationToken) => _digest.RunAsync(cancellationToken);

    /// <summary>Records that the engine refused.</summary>
    /// <exception cref="IOException">They cannot be read.</exception>
    public async ValueTask<IReadOnlyList<ParkedRecord>> ParkedAsync(CancellationToken cancellationToken) =>
        [.. (await _parking.ListAsync(cancellationToken)).Where(static p => p.Consumer == ElasticExtensions.ConsumerName)];

    /// <summary>Waits for a rebuilding that goes on; the process that stops has ended it by then.</summary>
    public ValueTask DisposeAsync() => _reindex.DisposeAsync();
}
