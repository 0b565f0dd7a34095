using McpLedger.Balancer;

var builder = WebApplication.CreateSlimBuilder(args);
// That a destination's health changed is said by another; each probe of one that is down is too much.
builder.Logging.SetMinimumLevel(LogLevel.Warning).AddFilter("Yarp.ReverseProxy.Health.ActiveHealthCheckMonitor", LogLevel.Error);
var (routes, clusters) = Routing.Of(builder.Configuration);
builder.Services.AddReverseProxy().LoadFromMemory(routes, clusters);

await using var app = builder.Build();
app.MapReverseProxy(proxy =>
{
    proxy.Use(Redispatch.RunAsync);
    proxy.UseLoadBalancing();
    proxy.UsePassiveHealthChecks();
});
await app.StartAsync();
await Console.Out.WriteLineAsync($"listening on {app.Urls.First()}");
await app.WaitForShutdownAsync();
