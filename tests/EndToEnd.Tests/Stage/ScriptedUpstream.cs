using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace McpLedger.EndToEnd.Tests.Stage;

/// <summary>An upstream inside the test, whose every byte the test decides.</summary>
internal sealed class ScriptedUpstream : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private ScriptedUpstream(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <summary>How many requests arrived.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public static async Task<ScriptedUpstream> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var app = builder.Build();
        var upstream = new ScriptedUpstream(app);
        app.Run(context =>
        {
            Interlocked.Increment(ref upstream._requests);
            return answer(context);
        });
        await app.StartAsync();
        return upstream;
    }

    /// <summary>Answers every call at once with a result that says <paramref name="text"/>.</summary>
    public static Task<ScriptedUpstream> SayingAsync(string text) => StartAsync(async context =>
    {
        var id = await IdOfAsync(context);
        await context.Response.WriteAsJsonAsync(new { jsonrpc = "2.0", id, result = new { resultType = "complete", content = new[] { new { type = "text", text } } } });
    });

    public static async Task<int> IdOfAsync(HttpContext context)
    {
        using var body = await System.Text.Json.JsonDocument.ParseAsync(context.Request.Body);
        return body.RootElement.GetProperty("id").GetInt32();
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
