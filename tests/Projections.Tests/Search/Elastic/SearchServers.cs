using McpLedger.Testing.Search;

[assembly: AssemblyFixture(typeof(McpLedger.Projections.Tests.Search.Elastic.SearchServers))]

namespace McpLedger.Projections.Tests.Search.Elastic;

/// <summary>Both engines, each started when the first test asks for it and gone with the assembly.</summary>
public sealed class SearchServers : IAsyncDisposable
{
    private readonly SearchServer _elasticsearch = new(SearchEngine.Elasticsearch);
    private readonly SearchServer _openSearch = new(SearchEngine.OpenSearch);

    /// <summary>Where the engine listens; a test that needs one that is not to be had is skipped with the reason.</summary>
    public async Task<Uri> AddressAsync(SearchEngine engine)
    {
        var (address, reason) = await (engine == SearchEngine.Elasticsearch ? _elasticsearch : _openSearch).FindAsync();
        Assert.SkipWhen(address is null, reason ?? "");
        return address!;
    }

    public async ValueTask DisposeAsync()
    {
        await _elasticsearch.DisposeAsync();
        await _openSearch.DisposeAsync();
    }
}
