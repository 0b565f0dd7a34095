using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpLedger.Projections.Tests.Search.Elastic;

/// <summary>A server whose every answer the test decides, on a real socket, with TLS where it has a certificate.</summary>
internal sealed class StandIn : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StandIn(WebApplication app) => _app = app;

    /// <summary>What was asked: method, path with query, Authorization, body.</summary>
    public ConcurrentQueue<Asked> Requests { get; } = new();

    public Uri Address => new(_app.Urls.Single());

    public static async Task<StandIn> StartAsync(Func<Asked, (int Status, string Body)> answer, X509Certificate2? certificate = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (certificate is not null)
            {
                listen.UseHttps(certificate);
            }
        }));
        var server = new StandIn(builder.Build());
        server._app.Run(async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var asked = new Asked(context.Request.Method, $"{context.Request.Path}{context.Request.QueryString}", $"{context.Request.Headers.Authorization}", await reader.ReadToEndAsync());
            server.Requests.Enqueue(asked);
            var (status, body) = answer(asked);
            if (status == 0)
            {
                context.Abort();
                return;
            }

            context.Response.StatusCode = status;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(body);
        });
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    internal sealed record Asked(string Method, string Path, string Authorization, string Body);
}
