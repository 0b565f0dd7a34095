using McpLedger.ConformanceServer.Fixtures;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;

// Three endpoints in one process: /mcp keeps sessions (what the legacy revisions need), /stateless keeps none, /lax trusts its callers' headers.
// The first line on standard output is the base address, so that whoever started it on port 0 can find it.
var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.ClearProviders();
if (args.Contains("--verbose"))
{
    builder.Logging.AddSimpleConsole();
}

builder.Services.AddConformanceFixtures(stateless: false);
var app = builder.Build();
app.UseLaxHeaders();
app.UseRouting();
app.MapMcp("/mcp");
app.MapStatelessFixtures("/stateless");
await app.StartAsync();
Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First());
await app.WaitForShutdownAsync();
