using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>YARP with one route to one destination and nothing else: what the gateway is compared with.</summary>
internal static class BareYarp
{
    public static async Task<int> ServeAsync(string upstream)
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenLocalhostOn(0));
        builder.Services.AddRoutingCore();
        builder.Services.AddReverseProxy().LoadFromMemory(
            [new() { RouteId = "all", ClusterId = "upstream", Match = new() { Path = "{**all}" } }],
            [new() { ClusterId = "upstream", Destinations = new Dictionary<string, DestinationConfig> { ["one"] = new() { Address = upstream } } }]);
        var app = builder.Build();
        app.UseRouting();
        app.MapReverseProxy();
        return await app.ServeUntilKilledAsync();
    }
}
