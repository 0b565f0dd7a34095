using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace McpLedger.Testing.Search;

/// <summary>
/// One real search engine of a kind for all tests of an assembly, started when the first asks for it: the one that <c>MCPLEDGER_TEST_ELASTICSEARCH</c> or
/// <c>MCPLEDGER_TEST_OPENSEARCH</c> names (<c>http://user:password@host:9200</c>), else a container where a Docker engine answers, else the local distribution.
/// </summary>
public sealed class SearchServer(SearchEngine engine) : IAsyncDisposable
{
    private const ushort Port = 9200;
    private const string ElasticPassword = "of-the-tests";
    private readonly SemaphoreSlim _starting = new(1, 1);
    private IContainer? _container;
    private LocalSearch? _local;
    private Uri? _address;
    private string? _reason;

    /// <summary>Where it listens, credentials in it where it asks for some; null, with the reason, where there is none.</summary>
    public async Task<(Uri? Address, string? Reason)> FindAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_address is null && _reason is null)
            {
                (_address, _reason) = await StartAsync();
            }

            return (_address, _reason);
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_container is not null)
        {
            await _container.DisposeAsync();
        }

        if (_local is not null)
        {
            await _local.DisposeAsync();
        }

        _starting.Dispose();
    }

    private async Task<(Uri? Address, string? Reason)> StartAsync()
    {
        var setting = engine == SearchEngine.Elasticsearch ? "MCPLEDGER_TEST_ELASTICSEARCH" : "MCPLEDGER_TEST_OPENSEARCH";
        if (Environment.GetEnvironmentVariable(setting) is { Length: > 0 } configured)
        {
            return (new(configured), null);
        }

        string docker;
        try
        {
            _container = Container().Build();
            await _container.StartAsync();
            var credentials = engine == SearchEngine.Elasticsearch ? $"elastic:{ElasticPassword}@" : "";
            return (new($"http://{credentials}{_container.Hostname}:{_container.GetMappedPublicPort(Port)}"), null);
        }
        catch (DockerUnavailableException e)
        {
            docker = e.Message;
        }

        if (LocalSearch.Program(engine) is null)
        {
            return (null, $"No {engine}: {setting} is not set, no Docker engine answers ({docker.Split('\n')[0]}), and no folder shared/servers/{LocalSearch.NameOf(engine)} lies beside the checkout.");
        }

        _local = await LocalSearch.StartAsync(engine, engine == SearchEngine.Elasticsearch ? ElasticPassword : null);
        return (_local.Address, null);
    }

    private ContainerBuilder Container()
    {
        var common = new ContainerBuilder(engine == SearchEngine.Elasticsearch ? "docker.elastic.co/elasticsearch/elasticsearch:8.19.3" : "opensearchproject/opensearch:2.19.3")
            .WithEnvironment("discovery.type", "single-node").WithEnvironment("ES_JAVA_OPTS", "-Xms512m -Xmx512m").WithEnvironment("OPENSEARCH_JAVA_OPTS", "-Xms512m -Xmx512m")
            .WithPortBinding(Port, assignRandomHostPort: true);
        return engine == SearchEngine.Elasticsearch
            ? common.WithEnvironment("xpack.security.http.ssl.enabled", "false").WithEnvironment("ELASTIC_PASSWORD", ElasticPassword)
                .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(static r => r.ForPort(Port).ForPath("/_cluster/health").WithBasicAuthentication("elastic", ElasticPassword)))
            : common.WithEnvironment("DISABLE_SECURITY_PLUGIN", "true").WithEnvironment("DISABLE_INSTALL_DEMO_CONFIG", "true")
                .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(static r => r.ForPort(Port).ForPath("/_cluster/health")));
    }
}

/// <summary>Which search engine.</summary>
public enum SearchEngine
{
    /// <summary>Elasticsearch 8.</summary>
    Elasticsearch = 0,

    /// <summary>OpenSearch 2.</summary>
    OpenSearch = 1,
}
