using System.Globalization;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace McpLedger.Balancer;

/// <summary>
/// The routes of <c>haproxy/haproxy.cfg</c>: calls to the gateways in turn, proofs and tiles to the pipeline, every other question to the projections.
/// Each role is given as <c>--gateways a,b --pipeline a --projections a</c>; one that is not given has no route.
/// </summary>
internal static class Routing
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    public static (IReadOnlyList<RouteConfig> Routes, IReadOnlyList<ClusterConfig> Clusters) Of(IConfiguration arguments)
    {
        (string Role, int Order, string[] Paths)[] plan =
        [
            ("gateways", 0, ["/s/{**rest}"]),
            ("pipeline", 1, ["/tlog/{**rest}", "/api/v1/checkpoints/{**rest}", "/api/v1/keys/signing/{**rest}", "/api/v1/events/{id}/proof"]),
            ("projections", 2, ["/{**rest}"]),
        ];
        var given = plan.Where(p => arguments[p.Role] is { Length: > 0 }).ToArray();
        var routes = from p in given
                     from path in p.Paths.Index()
                     select new RouteConfig
                     {
                         RouteId = string.Create(CultureInfo.InvariantCulture, $"{p.Role}-{path.Index}"),
                         ClusterId = p.Role,
                         Order = p.Order,
                         Match = new() { Path = path.Item },
                         // The roles hold a Host header against the names that clients use.
                         Transforms = [new Dictionary<string, string> { ["RequestHeaderOriginalHost"] = "true" }],
                     };
        return ([.. routes], [.. given.Select(p => ClusterOf(p.Role, arguments[p.Role]!.Split(',')))]);
    }

    private static ClusterConfig ClusterOf(string role, string[] addresses) => new()
    {
        ClusterId = role,
        LoadBalancingPolicy = "RoundRobin",
        Destinations = addresses.Index().ToDictionary(a => string.Create(CultureInfo.InvariantCulture, $"{role}-{a.Index + 1}"), a => new DestinationConfig { Address = a.Item }),
        HttpRequest = new ForwarderRequestConfig { ActivityTimeout = TimeSpan.FromHours(1), AllowResponseBuffering = false },
        HealthCheck = new()
        {
            // An ending gateway says 503 there while it still serves.
            Active = new() { Enabled = true, Interval = LookEvery, Timeout = TimeSpan.FromSeconds(2), Path = "/readyz", Policy = "ConsecutiveFailures" },
            AvailableDestinationsPolicy = "HealthyOrPanic",
        },
        Metadata = new Dictionary<string, string> { ["ConsecutiveFailuresHealthPolicy.Threshold"] = "1" },
    };
}
