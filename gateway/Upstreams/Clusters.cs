using McpLedger.Gateway.Configuration;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Model;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// The HTTP servers as YARP clusters: YARP keeps their destinations, health, connections and reloads. It has no routes of ours, because one HTTP
/// request may be several calls (a batch) and a call must be recorded between its steps.
/// </summary>
internal sealed class Clusters(InMemoryConfigProvider provider, Lazy<IProxyStateLookup> lookup, IDestinationHealthUpdater health, IConfigValidator validator)
{
    /// <summary>Makes the clusters of <paramref name="config"/>, which are not in force yet: YARP looks at them later, and of those with one that it refuses it takes none.</summary>
    /// <exception cref="InvalidOperationException">YARP would refuse one of them.</exception>
    public async ValueTask<IReadOnlyList<ClusterConfig>> MakeAsync(GatewayConfig config)
    {
        ClusterConfig[] made = [.. config.Servers.Values.Where(server => server.Transport == UpstreamTransport.StreamableHttp).Select(Of)];
        foreach (var cluster in made)
        {
            if (await validator.ValidateClusterAsync(cluster) is { Count: > 0 } faults)
            {
                throw new InvalidOperationException($"The server '{cluster.ClusterId}' cannot be reached as it is configured: {string.Join(' ', faults.Select(fault => fault.Message))}");
            }
        }

        return made;
    }

    /// <summary>Puts clusters in force. Connections of those that did not change live on.</summary>
    public void Apply(IReadOnlyList<ClusterConfig> made) => provider.Update([], made);

    /// <summary>The server's cluster; null while YARP has not taken it up.</summary>
    public ClusterState? Find(string server) => lookup.Value.TryGetCluster(server, out var cluster) ? cluster : null;

    /// <summary>Takes a destination out that could not be reached or broke off, where the server's configuration says so.</summary>
    public void ReportFailure(ServerConfig server, ClusterState cluster, DestinationState destination)
    {
        if (server.Health.Passive)
        {
            health.SetPassive(cluster, destination, DestinationHealth.Unhealthy, server.Health.ReactivationPeriod);
        }
    }

    private static ClusterConfig Of(ServerConfig server) => new()
    {
        ClusterId = server.Name,
        LoadBalancingPolicy = server.Balancing,
        Destinations = server.Destinations.ToDictionary(d => d.Key, d => Of(d.Value), StringComparer.OrdinalIgnoreCase),
        HealthCheck = new()
        {
            // When all are out, any is tried: refusing for certain helps nobody.
            AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
            Passive = new() { Enabled = server.Health.Passive, Policy = HealthCheckConstants.PassivePolicy.TransportFailureRate, ReactivationPeriod = server.Health.ReactivationPeriod },
            Active = new()
            {
                Enabled = server.Health.ActivePath is not null,
                Interval = server.Health.ActiveInterval,
                Timeout = server.Health.ActiveInterval,
                Policy = HealthCheckConstants.ActivePolicy.ConsecutiveFailures,
                Path = server.Health.ActivePath,
            },
        },
        HttpClient = new() { EnableMultipleHttp2Connections = true },
        HttpRequest = ForwarderRequestConfig.Empty,
        Metadata = ClusterClients.MetadataOf(server),
    };

    // Checks ask beside the MCP endpoint, not below it.
    private static DestinationConfig Of(Uri address) => new() { Address = address.AbsoluteUri, Health = address.GetLeftPart(UriPartial.Authority) };
}
