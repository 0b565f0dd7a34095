using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Tools;
using McpLedger.Gateway.Upstreams;
using McpLedger.Streaming;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Yarp.ReverseProxy;
using Yarp.ReverseProxy.Forwarder;

namespace McpLedger.Gateway;

/// <summary>The gateway's door.</summary>
public static class GatewayExtensions
{
    /// <summary>Adds the gateway. It needs an ILedgerWriter, an ILedgerReader and an IBlobStore beside it.</summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions options)
    {
        services.AddMetrics();
        services.AddReverseProxy().LoadFromMemory([], []);
        services.AddSingleton<IForwarderHttpClientFactory, ClusterClients>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<LedgerCounters>();
        services.AddSingleton(options);
        services.AddSingleton<GatewayTelemetry>();
        services.AddSingleton<LedgerAppender>().AddSingleton<ControlRecorder>().AddSingleton<CallRecorder>().AddSingleton<RefusalFlood>();
        services.AddSingleton(provider => new ControlState(options.StaleAfter, provider.GetRequiredService<TimeProvider>())).AddSingleton<CallRestraints>().AddSingleton(provider => new HeldPrincipals(provider.GetRequiredService<ControlState>(), provider.GetRequiredService<TimeProvider>())).AddSingleton<ControlFollower>().AddHostedService(provider => provider.GetRequiredService<ControlFollower>());
        services.AddSingleton<IPrincipalProvider, ApiKeyProvider>().AddSingleton<IPrincipalProvider, LoopbackProvider>().AddSingleton<PrincipalResolver>();
        services.AddSingleton(_ => SessionKeys.LoadOrCreate(options.SessionKeyFile)).AddSingleton<SessionSeal>().AddSingleton<SessionMinting>().AddSingleton<LiveCalls>().AddSingleton<SuspendedCalls>();
        services.AddSingleton(provider => new Lazy<IProxyStateLookup>(provider.GetRequiredService<IProxyStateLookup>));
        services.AddSingleton<Clusters>().AddSingleton<Balancer>().AddSingleton<HttpUpstream>().AddSingleton<SpokenVersions>().AddSingleton<Upstream>();
        services.AddSingleton<HopSeal>().AddSingleton<PeerHop>().AddSingleton<PeerDirectory>().AddHostedService(provider => provider.GetRequiredService<PeerDirectory>());
        services.AddSingleton(provider => new ScreeningDesks(provider.GetRequiredService<SessionKeys>().Current)).AddSingleton<ScreeningTelemetry>().AddSingleton<SecretMemory>();
        services.AddSingleton<BodyScreen>().AddSingleton<MessageScreen>().AddSingleton<DefinitionScreen>().AddSingleton<AnswerScreen>();
        services.AddSingleton<FindingLog>().AddHostedService(provider => provider.GetRequiredService<FindingLog>());
        services.AddSingleton<ShadowScreen>().AddSingleton<ToolCatalogue>().AddSingleton<ToolListScreen>().AddSingleton<InstructionsScreen>();
        services.AddSingleton<Refuser>().AddSingleton<SuspendedEndings>().AddSingleton<MessageRelay>().AddSingleton<OneWayRelay>().AddSingleton<StreamRelay>().AddSingleton<StandaloneRelay>().AddSingleton<AnswerRelay>();
        services.AddSingleton<Tenures>().AddSingleton<Intake>().AddSingleton<CallHandler>().AddSingleton<PostDoor>().AddSingleton<StreamDoor>().AddSingleton<McpEndpoint>();
        services.AddSingleton(provider => new GatewayConfigSource(
            provider.GetRequiredService<ControlRecorder>(), provider.GetRequiredService<Upstream>(), provider.GetRequiredService<GatewayTelemetry>()));
        services.AddSingleton<UnreadRequests>().AddHostedService(provider => provider.GetRequiredService<UnreadRequests>());
        services.AddSingleton(provider => new GatewayReadiness(provider.GetRequiredService<GatewayConfigSource>(), provider.GetRequiredService<ControlState>()));
        return services.AddBridges(options.ChildFolder, options.Bridge);
    }

    /// <summary>
    /// Maps <c>/s/{server}/mcp</c> for every HTTP method; what is not answered there is refused and recorded there. And <c>/peerz</c>, by which replicas
    /// that share a name learn each other's.
    /// </summary>
    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder endpoints)
    {
        // YARP has no routes of ours, but mapping it is what makes it load its clusters and start its health checks.
        endpoints.MapReverseProxy();
        var endpoint = endpoints.ServiceProvider.GetRequiredService<McpEndpoint>();
        endpoints.Map("/s/{server}/mcp", (RequestDelegate)endpoint.HandleAsync);
        var instance = endpoints.ServiceProvider.GetRequiredService<GatewayOptions>().Instance;
        endpoints.MapGet(PeerDirectory.WhoPath, () => Results.Text(instance)).ExcludeFromDescription();
        return endpoints;
    }
}
