using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Projections.Search;
using McpLedger.Projections.Search.Elastic;
using McpLedger.Streaming;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Projections.Tests.Search.Elastic;

/// <summary>The index as the product wires it, under a prefix that no other test has; its indices go with it.</summary>
internal sealed class ElasticRig : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly TemporaryFolder _folder = new();
    private readonly MemoryLedger _ledger;

    public ElasticRig(ElasticOptions options, MemoryLedger ledger)
    {
        _ledger = ledger;
        Options = options;
        _services = new ServiceCollection().AddLogging()
            .AddSingleton<ILedgerReader>(ledger).AddSingleton<IBlobStore>(ledger).AddSingleton<IParkingLot>(new ParkingFolder(_folder.Path, TimeProvider.System))
            .AddElasticIndex(options).BuildServiceProvider();
    }

    public ElasticOptions Options { get; }

    public ElasticClient Client => _services.GetRequiredService<ElasticClient>();

    public ElasticState State => _services.GetRequiredService<ElasticState>();

    public ElasticHandler Handler => _services.GetRequiredService<ElasticHandler>();

    public ElasticRetention Retention => new(State, Options, TimeProvider.System, _services.GetRequiredService<ElasticTelemetry>());

    public SearchIndexAdmin Admin => _services.GetRequiredService<SearchIndexAdmin>();

    public IEventIndex Index => _services.GetRequiredService<IEventIndex>();

    public static ElasticOptions OptionsOf(Uri address)
    {
        var credentials = address.UserInfo.Split(':');
        return new()
        {
            Nodes = [new(address.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped))],
            User = credentials.Length == 2 ? credentials[0] : null,
            Password = credentials.Length == 2 ? credentials[1] : null,
            Prefix = "t-" + Path.GetRandomFileName().Replace(".", "", StringComparison.Ordinal),
            Replicas = 0,
            Retries = 2,
        };
    }

    public PartitionConsumer Consumer(LedgerPartition partition) => _services.GetServices<PartitionConsumer>().Single(c => c.Partition == partition);

    public LedgerQueries Queries(TemporaryHome home) => new(new EmbeddedViews(home.Home, Index, _ledger), Index, _ledger, home.Time);

    /// <summary>Indexes what the ledger holds, through the handler, and makes it searchable.</summary>
    public async Task IndexAsync(int batchBytes = 100_000)
    {
        foreach (var partition in _ledger.Partitions)
        {
            var next = await Handler.PositionAsync(partition, CancellationToken.None);
            while (await _ledger.ReadAsync(partition, next, batchBytes, CancellationToken.None) is { Records.Count: > 0 } batch)
            {
                await Handler.HandleAsync(new(partition, batch.Records, batch.Next), CancellationToken.None);
                next = batch.Next;
            }
        }

        await RefreshAsync();
    }

    public async Task RefreshAsync() => await Client.PostAsync($"{State.Names.Alias}/_refresh?ignore_unavailable=true", default, CancellationToken.None);

    /// <summary>Every hit of a query, page by page.</summary>
    public static async Task<List<Hit>> AllAsync(LedgerQueries queries, string text, int limit = 200)
    {
        var found = new List<Hit>();
        string? cursor = null;
        do
        {
            var (page, fault) = await queries.SearchAsync(new() { Query = text, Housekeeping = true, Limit = limit, Cursor = cursor, Summary = false }, CancellationToken.None);
            Assert.True(page is not null, $"{text}: {fault}");
            found.AddRange(page.Hits);
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return found;
    }

    public async Task<long> CountAsync() => (await Admin.DigestAsync(CancellationToken.None)).Events;

    public async ValueTask DisposeAsync()
    {
        foreach (var generation in Enumerable.Range(1, 5))
        {
            await State.DropTemplateAsync(generation, CancellationToken.None);
        }

        var indices = await State.IndicesAsync(CancellationToken.None);
        await State.DeleteAsync([.. indices.Select(i => i.Name), State.Names.State], CancellationToken.None);
        await _services.DisposeAsync();
        _folder.Dispose();
    }
}
