using McpLedger.Contracts.Events;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Yarp.ReverseProxy.Model;

namespace McpLedger.Gateway.Tests.Upstreams;

public sealed class ActiveHealthTests
{
    private const string Path = "/healthz";

    [Fact]
    public async Task Checks_ask_beside_the_endpoint_and_take_out_who_says_that_it_is_ill()
    {
        await using var ill = await FakeServer.StartAsync();
        var asked = new System.Collections.Concurrent.ConcurrentQueue<string>();
        ill.Answer = (http, body) => Answer(http, body, StatusCodes.Status503ServiceUnavailable);
        await using var gateway = await GatewayHarness.StartAsync();
        gateway.Upstream.Answer = (http, body) => Answer(http, body, StatusCodes.Status200OK);
        var server = GatewayHarness.ServerOf("demo", gateway.Upstream.Address, ill.Address);
        await gateway.PublishAsync(gateway.OpenConfig() with
        {
            Servers = gateway.OpenConfig().Servers.SetItem("demo", server with { Balancing = "RoundRobin", Health = new() { ActivePath = Path, ActiveInterval = TimeSpan.FromSeconds(1) } }),
        });
        var destinations = gateway.Get<Clusters>().Find("demo")!.Destinations;
        await Eventually.TrueAsync(() => destinations["d1"].Health.Active == DestinationHealth.Unhealthy && destinations["d0"].Health.Active == DestinationHealth.Healthy);

        for (var i = 0; i < 6; i++)
        {
            await gateway.TextAsync(Wire.Post("demo", Wire.Call("1", "echo")), 200);
        }

        Assert.All((await gateway.CallsAsync()).OfType<CallCompleted>(), call => Assert.Equal("d0", call.Where.Upstream));
        Assert.All(asked, path => Assert.Equal(Path, path));

        Task Answer(HttpContext http, string body, int health)
        {
            if (http.Request.Method == "GET")
            {
                asked.Enqueue(http.Request.Path);
                http.Response.StatusCode = health;
                return Task.CompletedTask;
            }

            return FakeServer.WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"ok\":true"));
        }
    }
}
