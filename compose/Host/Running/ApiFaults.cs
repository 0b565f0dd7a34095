using System.Data.Common;
using McpLedger.Host.Access;

namespace McpLedger.Host.Running;

/// <summary>What is refused under <c>/api</c> without a word gets one: a parameter or body that cannot be read, a path or method that there is none of, a disk or database that does not answer.</summary>
internal static class ApiFaults
{
    // What a role serves alone, most particular first; the rest is the projections'.
    private static readonly (string Path, HostRoles Roles)[] Served =
    [
        ("/api/v1/reload", HostRoles.Gateway),
        ("/api/v1/damage", HostRoles.Gateway | HostRoles.Pipeline),
        ("/api/v1/checkpoints", HostRoles.Pipeline),
        ("/api/v1/keys/signing", HostRoles.Pipeline),
    ];

    public static void UseApiFaults(this IApplicationBuilder app, HostRoles roles) => app.UseWhen(
        static http => http.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal),
        api => api.Use(next => http => AnswerAsync(http, roles, next)));

    private static async Task AnswerAsync(HttpContext http, HostRoles roles, RequestDelegate next)
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
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DbException && !http.Response.HasStarted)
        {
            (http.Response.StatusCode, detail) = (StatusCodes.Status503ServiceUnavailable, $"{e.Message.TrimEnd('.')}. Try again later.");
        }

        if (!http.Response.HasStarted && http.Response is { StatusCode: >= 400, ContentType: null })
        {
            await Refusals.WriteAsync(http.Response, http.Response.StatusCode, detail ?? Described(http, roles));
        }
    }

    private static string Described(HttpContext http, HostRoles roles) => http.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"There is no {http.Request.Path}{Elsewhere(http.Request.Path, roles)}. What there is here is described at /openapi/v1.json.",
        StatusCodes.Status405MethodNotAllowed => $"{http.Request.Method} is not allowed here; the header Allow says what is.",
        StatusCodes.Status415UnsupportedMediaType => "The body must be application/json.",
        _ => "The request cannot be understood.",
    };

    // Behind a balancer nobody sees which role answered.
    private static string Elsewhere(PathString path, HostRoles roles)
    {
        var known = Served.FirstOrDefault(s => path.StartsWithSegments(s.Path, StringComparison.Ordinal));
        var serving = known.Path is null ? HostRoles.Projections : known.Roles;
        return (roles & serving) != HostRoles.None ? "" : $" in the role '{roles.Written()}', which answered: it would be of '{serving.Written().Replace(", ", "' or '", StringComparison.Ordinal)}'";
    }
}
