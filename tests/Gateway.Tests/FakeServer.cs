using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway.Tests;

/// <summary>What a server saw.</summary>
internal sealed record Seen(string Method, IReadOnlyDictionary<string, string> Headers, string Body);

/// <summary>An upstream on a real socket that answers as a test says and remembers what it saw.</summary>
internal sealed class FakeServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private FakeServer(WebApplication app) => _app = app;

    public ConcurrentQueue<Seen> Requests { get; } = new();

    public Func<HttpContext, string, Task> Answer { get; set; } = (http, body) => WriteJson(http, 200, Wire.Result(Wire.IdOf(body), "\"ok\":true"));

    public Uri Address => new(_app.Urls.First() + "/mcp");

    public static async Task<FakeServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(System.Net.IPAddress.Loopback, 0));
        var app = builder.Build();
        var server = new FakeServer(app);
        app.Run(server.HandleAsync);
        await app.StartAsync();
        return server;
    }

    public static async Task WriteJson(HttpContext http, int status, string json)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await http.Response.WriteAsync(json);
    }

    public static async Task WriteEvents(HttpContext http, params string[] chunks)
    {
        http.Response.ContentType ??= "text/event-stream";
        foreach (var chunk in chunks)
        {
            await http.Response.WriteAsync(chunk);
            await http.Response.Body.FlushAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync();
        Requests.Enqueue(new(http.Request.Method, http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase), body));
        try
        {
            await Answer(http, body);
        }
        catch (OperationCanceledException)
        {
            // The test or the gateway hung up.
        }
    }
}
