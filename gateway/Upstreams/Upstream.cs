using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.LegacySse;
using McpLedger.Gateway.Upstreams.Stdio;
using Yarp.ReverseProxy.Configuration;

namespace McpLedger.Gateway.Upstreams;

/// <summary>Sends to a server, however it is reached.</summary>
internal sealed class Upstream(HttpUpstream http, Clusters clusters, StdioBridge stdio, LegacySseBridge legacySse, GatewayOptions options)
{
    /// <summary>Makes what <see cref="Open"/> takes, and changes nothing.</summary>
    /// <exception cref="InvalidOperationException">A server cannot be reached as it is configured.</exception>
    public ValueTask<IReadOnlyList<ClusterConfig>> MakeAsync(GatewayConfig config) => clusters.MakeAsync(config);

    /// <summary>Opens the ways to the servers of a configuration that is about to be in force.</summary>
    public void Open(GatewayConfig config, IReadOnlyList<ClusterConfig> made)
    {
        clusters.Apply(made);
        stdio.Expect(config.Servers);
        legacySse.Expect(config.Servers);
    }

    /// <summary>Closes what only an earlier configuration needed.</summary>
    public void CloseOthers(GatewayConfig config)
    {
        stdio.Reload(config.Servers);
        legacySse.Reload(config.Servers);
    }

    /// <summary>Sends, and returns when the answer's head is there. Expected failures are in the answer.</summary>
    public ValueTask<UpstreamAnswer> SendAsync(UpstreamRequest request, CancellationToken cancellationToken) => request.Server.Transport switch
    {
        UpstreamTransport.StreamableHttp => http.SendAsync(request, cancellationToken),
        UpstreamTransport.LegacySse => CrossAsync(legacySse, request, cancellationToken),
        _ => CrossAsync(stdio, request, cancellationToken),
    };

    private async ValueTask<UpstreamAnswer> CrossAsync(IBridge bridge, UpstreamRequest request, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (request.HttpMethod == "POST")
        {
            deadline.CancelAfter(request.Server.ResponseTimeout);
        }

        try
        {
            var lastEvent = request.HttpMethod == "GET" ? request.Client.Headers[UpstreamHeaders.LastEventId].ToString() : "";
            var answer = await bridge.ExchangeAsync(
                new(request.Server, request.HttpMethod, request.Message, request.Era, request.Protocol, request.Session?.UpstreamSession, lastEvent.Length == 0 ? null : lastEvent, request.Caller),
                deadline.Token);
            if (answer is { Fault: { } gone, Status: 404 })
            {
                return UpstreamAnswer.SessionGone(gone);
            }

            return new(null)
            {
                Status = answer.Fault is null ? answer.Status : 0,
                Told = answer.Fault is null ? 0 : answer.Status,
                IsTimeout = answer is { Fault: not null, Status: 504 },
                Session = answer.UpstreamSession,
                Owner = answer.UpstreamSession is null ? "" : options.Instance,
                ContentType = answer.ContentType,
                Body = answer.Body,
                Fault = answer.Fault,
            };
        }
        catch (OperationCanceledException)
        {
            return UpstreamAnswer.Failed($"The server did not answer within {request.Server.ResponseTimeout.TotalSeconds:0} s.", destination: null, isTimeout: true);
        }
    }
}
