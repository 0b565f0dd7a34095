using System.Data.Common;
using McpLedger.Host.Access;

namespace McpLedger.Host.Running;

/// <summary>What is refused under <c>/api</c> without a word gets one: a parameter or body that cannot be read, a path or method that there is none of, a disk or database that does not answer.</summary>
internal static class ApiFaults
{
    public static void UseApiFaults(this IApplicationBuilder app) => app.UseWhen(
        static http => http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal),
        static api => api.Use(static next => http => AnswerAsync(http, next)));

    private static async Task AnswerAsync(HttpContext http, RequestDelegate next)
    {
        string? detail = null;
        try
        {
            await next(http);
        }
        catch (BadHttpRequestException e) when (!http.Response.HasStarted)
        {
            http.Response.StatusCode = e.StatusCode;
            detail = e.InnerException is System.Text.Json.JsonException json ? $"{e.Message} {json.Message}" : e.Message;
        }
        catch (Exception e) when (e is IOException or DbException && !http.Response.HasStarted)
        {
            (http.Response.StatusCode, detail) = (StatusCodes.Status503ServiceUnavailable, $"{e.Message.TrimEnd('.')}. Try again later.");
        }

        if (!http.Response.HasStarted && http.Response is { StatusCode: >= 400, ContentType: null })
        {
            await Refusals.WriteAsync(http.Response, http.Response.StatusCode, detail ?? Described(http));
        }
    }

    private static string Described(HttpContext http) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"There is no {http.Request.Path}. The API is described at /openapi/v1.json.",
        StatusCodes.Status405MethodNotAllowed => $"{http.Request.Method} is not allowed here; the header Allow says what is.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be application/json.",
        _ => "The request cannot be understood.",
    };
}
