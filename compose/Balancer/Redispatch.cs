using Yarp.ReverseProxy.Forwarder;

namespace McpLedger.Balancer;

/// <summary>Sends a request to another destination when the connection to the first could not be made: nothing of it was sent then, so no call is made twice.</summary>
internal static class Redispatch
{
    public static async Task RunAsync(HttpContext context, Func<Task> next)
    {
        await next();
        var feature = context.GetReverseProxyFeature();
        if (context.Response.HasStarted || !WasNotSent(context) || feature.ProxiedDestination is not { } tried)
        {
            return;
        }

        var others = feature.AllDestinations.Where(d => d != tried).ToArray();
        if (others.Length > 0)
        {
            context.Response.Clear();
            context.Features.Set<IForwarderErrorFeature>(null);
            feature.AvailableDestinations = others;
            await next();
        }
    }

    private static bool WasNotSent(HttpContext context) =>
        context.Features.Get<IForwarderErrorFeature>() is { Error: ForwarderError.Request, Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } };
}
