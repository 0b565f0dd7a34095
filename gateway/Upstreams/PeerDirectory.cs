using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using McpLedger.Gateway.Configuration;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// Where the other replicas are: as the configuration lists them, or found by a name that leads to all of them. The name is looked up again and
/// again, and each address is asked who it is, because only the instance's name stands in a session id.
/// </summary>
internal sealed class PeerDirectory(GatewayConfigSource source, GatewayTelemetry telemetry, TimeProvider time) : BackgroundService
{
    /// <summary>Path at which a replica says its name.</summary>
    public const string WhoPath = "/peerz";

    private const int MostPeers = 256;
    private const int LongestName = 64;
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeastBetween = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    private readonly HttpClient _client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectTimeout = Patience, ActivityHeadersPropagator = null })
    {
        Timeout = Patience,
        MaxResponseContentBufferSize = LongestName * 2,
    };

    private readonly SemaphoreSlim _looking = new(1, 1);
    private volatile ImmutableDictionary<string, Uri> _found = ImmutableDictionary<string, Uri>.Empty;
    private long _looked;

    /// <summary>Where an instance is reached; null when nobody knows it.</summary>
    public async ValueTask<Uri?> FindAsync(GatewayConfig config, string instance, CancellationToken cancellationToken)
    {
        if (config.Peers.TryGetValue(instance, out var listed) || _found.TryGetValue(instance, out listed))
        {
            return listed;
        }

        if (config.PeerName is not { } name)
        {
            return null;
        }

        // A replica that came up a moment ago is not known before the next look: look now.
        await LookAsync(name, cancellationToken);
        return _found.GetValueOrDefault(instance);
    }

    public override void Dispose()
    {
        _client.Dispose();
        _looking.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            do
            {
                if (source.Current.PeerName is { } name)
                {
                    await LookAsync(name, stoppingToken);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
        }
    }

    private async ValueTask LookAsync(Uri name, CancellationToken cancellationToken)
    {
        await _looking.WaitAsync(cancellationToken);
        try
        {
            if (_looked != 0 && time.GetElapsedTime(_looked) < LeastBetween)
            {
                return;
            }

            var addresses = await Dns.GetHostAddressesAsync(name.DnsSafeHost, cancellationToken);
            var answers = await Task.WhenAll(addresses.Take(MostPeers).Select(a => AskAsync(new UriBuilder(name) { Host = a.ToString() }.Uri, cancellationToken)));
            var found = answers.Where(a => a.Instance is not null).DistinctBy(a => a.Instance).ToImmutableDictionary(a => a.Instance!, a => a.Address, StringComparer.Ordinal);
            if (!found.Keys.ToHashSet().SetEquals(_found.Keys))
            {
                telemetry.PeersFound(name.Host, found.Count, string.Join(", ", found.Keys.Order(StringComparer.Ordinal)));
            }

            _found = found;
            _looked = time.GetTimestamp();
        }
        catch (SocketException e)
        {
            // Those found before stay: a name server that is away for a moment takes nobody's session.
            telemetry.PeersUnknown(name.Host, e.Message);
            _looked = time.GetTimestamp();
        }
        finally
        {
            _looking.Release();
        }
    }

    private async Task<(string? Instance, Uri Address)> AskAsync(Uri address, CancellationToken cancellationToken)
    {
        try
        {
            // As bytes: a name is ASCII, whatever the answer says of itself.
            var name = Encoding.ASCII.GetString(await _client.GetByteArrayAsync(new Uri(address, WhoPath), cancellationToken)).Trim();
            return (name.Length is > 0 and <= LongestName ? name : null, address);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return (null, address);
        }
    }
}
