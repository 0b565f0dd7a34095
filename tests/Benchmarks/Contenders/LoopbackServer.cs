using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>How the benchmark's own server processes listen and say where.</summary>
internal static class LoopbackServer
{
    public static void ListenLocalhostOn(this KestrelServerOptions kestrel, int port) => kestrel.ListenOn(IPAddress.Loopback, port);

    public static void ListenOn(this KestrelServerOptions kestrel, IPAddress address, int port)
    {
        kestrel.AddServerHeader = false;
        kestrel.Listen(address, port, listen => listen.Protocols = HttpProtocols.Http1);
    }

    /// <summary>Prints the address, then serves until the parent kills it or closes its standard input.</summary>
    public static async Task<int> ServeUntilKilledAsync(this WebApplication app)
    {
        await app.StartAsync();
        return await app.SayAndServeAsync();
    }

    /// <summary>The same for a server that has started already.</summary>
    public static async Task<int> SayAndServeAsync(this WebApplication app)
    {
        Console.WriteLine(app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        await Console.In.ReadToEndAsync();
        return 0;
    }
}
