using System.Text.Json;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>
/// Plays a server that never compares the <c>Mcp-*</c> headers with the body: below <c>/lax</c> they are written anew from the body before the
/// SDK checks them. What refuses a mismatch there is whatever stands in front.
/// </summary>
internal static class LaxHeaders
{
    public static IApplicationBuilder UseLaxHeaders(this IApplicationBuilder app) => app.Use(async (context, next) =>
    {
        if (context.Request.Path == "/lax")
        {
            context.Request.Path = "/stateless";
            context.Request.EnableBuffering();
            using var body = await JsonDocument.ParseAsync(context.Request.Body);
            context.Request.Body.Position = 0;
            Overwrite(context.Request.Headers, body.RootElement);
        }

        await next(context);
    });

    private static void Overwrite(IHeaderDictionary headers, JsonElement message)
    {
        headers["Mcp-Method"] = Text(message, "method");
        message.TryGetProperty("params", out var parameters);
        headers["Mcp-Name"] = Text(parameters, "name") ?? Text(parameters, "uri");
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
