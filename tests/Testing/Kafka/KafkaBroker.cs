using DotNet.Testcontainers.Builders;
using Testcontainers.Kafka;

namespace McpLedger.Testing.Kafka;

/// <summary>
/// One real broker for all tests of an assembly, started when the first asks for it: the one that <c>MCPLEDGER_TEST_KAFKA</c> names, else a container where a
/// Docker engine answers, else the local distribution.
/// </summary>
public sealed class KafkaBroker : IAsyncDisposable
{
    private const string Setting = "MCPLEDGER_TEST_KAFKA";
    private const string Image = "apache/kafka:4.1.0";

    private readonly SemaphoreSlim _starting = new(1, 1);
    private KafkaContainer? _container;
    private LocalKafka? _local;
    private string? _bootstrap;
    private string? _reason;

    /// <summary>Where it listens; null, with the reason, where there is none.</summary>
    public async Task<(string? Bootstrap, string? Reason)> FindAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_bootstrap is null && _reason is null)
            {
                (_bootstrap, _reason) = await StartAsync();
            }

            return (_bootstrap, _reason);
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

    private async Task<(string? Bootstrap, string? Reason)> StartAsync()
    {
        if (Environment.GetEnvironmentVariable(Setting) is { Length: > 0 } configured)
        {
            return (configured, null);
        }

        string docker;
        try
        {
            _container = new KafkaBuilder(Image).Build();
            await _container.StartAsync();
            return (_container.GetBootstrapAddress(), null);
        }
        catch (DockerUnavailableException e)
        {
            docker = e.Message;
        }

        if (LocalKafka.Program is null)
        {
            return (null, $"No broker: {Setting} is not set, no Docker engine answers ({docker.Split('\n')[0]}), and no folder shared/servers/kafka lies beside the checkout.");
        }

        _local = await LocalKafka.StartAsync(1, folder: null, settings: "");
        return (_local.Bootstrap, null);
    }
}
