using System.Globalization;
using McpLedger.Gateway.Configuration;
using Yarp.ReverseProxy.Forwarder;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// The clusters' HTTP clients. Each has a bound on connecting that is up well before the wait for an answer is: only so is a destination that drops packets told from one that is slow,
/// and passed over.
/// </summary>
internal sealed class ClusterClients : ForwarderHttpClientFactory
{
    private const string ConnectTicks = "connect-ticks";
    private static readonly TimeSpan LongestConnect = TimeSpan.FromSeconds(15);

    /// <summary>What a cluster says to its client beside YARP's own settings.</summary>
    public static Dictionary<string, string> MetadataOf(ServerConfig server) => new(StringComparer.Ordinal)
    {
        [ConnectTicks] = Math.Min(LongestConnect.Ticks, server.ResponseTimeout.Ticks / 2).ToString(CultureInfo.InvariantCulture),
    };

    protected override bool CanReuseOldClient(ForwarderHttpClientContext context) =>
        base.CanReuseOldClient(context) && LongestOf(context.OldMetadata) == LongestOf(context.NewMetadata);

    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ActivityHeadersPropagator = SpanPropagator.Instance;
        handler.ConnectTimeout = LongestOf(context.NewMetadata);
    }

    private static TimeSpan LongestOf(IReadOnlyDictionary<string, string>? metadata) =>
        metadata is not null && metadata.TryGetValue(ConnectTicks, out var ticks) ? new(long.Parse(ticks, NumberStyles.None, CultureInfo.InvariantCulture)) : LongestConnect;
}
