namespace McpLedger.Host.Access;

/// <summary>How the API says no (RFC 9457).</summary>
internal static class Refusals
{
    public static Task WriteAsync(HttpResponse response, int status, string detail)
    {
        response.StatusCode = status;
        return response.WriteAsJsonAsync(new Problem(status, detail), options: null, contentType: "application/problem+json");
    }

    public static IResult Answer(int status, string detail) => Results.Json(new Problem(status, detail), statusCode: status, contentType: "application/problem+json");

    internal sealed record Problem(int Status, string Detail);
}
