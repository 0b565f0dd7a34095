using System.Net.Sockets;
using McpLedger.Gateway.Configuration;

namespace McpLedger.Host.Doctor;

/// <summary>Whether HTTP servers answer at all: any status is an answer.</summary>
internal static class Reachability
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = Patience }) { Timeout = Patience };

    public static async Task<IReadOnlyList<Finding>> CheckAsync(GatewayConfig config, CancellationToken cancellationToken)
    {
        var checks = config.Servers.Values.SelectMany(s => s.Destinations.Select(d => ReachAsync(s.Name, d.Value, cancellationToken)));
        return await Task.WhenAll(checks);
    }

    private static async Task<Finding> ReachAsync(string server, Uri address, CancellationToken cancellationToken)
    {
        var shown = address.GetLeftPart(UriPartial.Path);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Options, address);
            using var response = await Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            return new("upstream", FindingLevel.Ok, $"{server}: {shown} answers", null);
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return new("upstream", FindingLevel.Error, $"{server}: {shown} does not answer ({(e is HttpRequestException http ? http.HttpRequestError : "timeout")}).", "start the server, or correct its url");
        }
    }
}
