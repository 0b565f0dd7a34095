using Microsoft.AspNetCore.WebUtilities;

namespace McpLedger.Host.Access;

/// <summary>How the API says no: problem details (RFC 9457).</summary>
internal static class Refusals
{
    public const string ContentType = "application/problem+json";

    public static Task WriteAsync(HttpResponse response, int status, string detail)
    {
        response.StatusCode = status;
        return response.WriteAsJsonAsync(ProblemOf(status, detail), options: null, contentType: ContentType);
    }

    public static IResult Answer(int status, string detail) => Results.Json(ProblemOf(status, detail), statusCode: status, contentType: ContentType);

    private static Problem ProblemOf(int status, string detail) => new("about:blank", ReasonPhrases.GetReasonPhrase(status), status, detail);

    internal sealed record Problem(string Type, string Title, int Status, string Detail);
}
