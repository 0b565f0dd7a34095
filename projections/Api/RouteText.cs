using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace McpLedger.Projections.Api;

/// <summary>A segment of a path as it was meant. Routing leaves <c>%2F</c> as it stands, which then is a slash of a name or the text itself; only the path as it was sent says which.</summary>
public static class RouteText
{
    /// <param name="http">The request.</param>
    /// <param name="value">The segment as routing gives it.</param>
    public static string Of(HttpContext http, string value)
    {
        if (!value.Contains("%2F", StringComparison.OrdinalIgnoreCase))
        {
            return value;
        }

        var path = (http.Features.Get<IHttpRequestFeature>()?.RawTarget ?? "").Split('?', 2)[0];
        return Uri.UnescapeDataString(Array.Find(path.Split('/'), s => AsRouted(s) == value) ?? value);
    }

    private static string AsRouted(string segment) =>
        Uri.UnescapeDataString(segment.Replace("%2F", "%252F", StringComparison.Ordinal).Replace("%2f", "%252f", StringComparison.Ordinal));
}
