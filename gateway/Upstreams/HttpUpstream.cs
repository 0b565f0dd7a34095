using System.Diagnostics.CodeAnalysis;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Sessions;
using Yarp.ReverseProxy.Model;

namespace McpLedger.Gateway.Upstreams;

/// <summary>Sends to servers that speak Streamable HTTP, over YARP's clusters.</summary>
internal sealed class HttpUpstream(Clusters clusters, Balancer balancer, GatewayTelemetry telemetry, TimeProvider time)
{
    private static readonly TimeSpan Unbounded = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// Sends, and returns when the answer's head is there. Another destination is tried only when nothing was sent to the one before:
    /// a call must not happen twice.
    /// </summary>
    public async ValueTask<UpstreamAnswer> SendAsync(UpstreamRequest request, CancellationToken cancellationToken)
    {
        if (clusters.Find(request.Server.Name) is not { } cluster)
        {
            return UpstreamAnswer.Failed("The server's configuration is not in force yet.", destination: null, isTimeout: false);
        }

        var client = cluster.Model.HttpClient;
        if (request.Session is { Destination: { } bound } session
            && (!cluster.Destinations.ContainsKey(bound) || !request.Server.Destinations.TryGetValue(bound, out var address) || SessionClaims.AddressOf(address) != session.Address))
        {
            return UpstreamAnswer.SessionGone("The destination that held the session is no longer configured, or has another address.");
        }

        HashSet<string>? tried = null;
        string? fault = null;
        while (balancer.Pick(cluster, request.Server.Balancing, request.Session?.Destination, tried) is { } destination)
        {
            if (IsOf(request.Server, destination))
            {
                var (answer, mayTryNext) = await SendAsync(request, cluster, client, destination, cancellationToken);
                if (!mayTryNext)
                {
                    return answer;
                }

                fault = answer.Fault;
            }
            else
            {
                fault ??= "The server's configuration is being changed. Try again.";
            }

            (tried ??= new(StringComparer.OrdinalIgnoreCase)).Add(destination.DestinationId);
        }

        return UpstreamAnswer.Failed(fault ?? "The server has no destination that is up.", destination: null, isTimeout: false);
    }

    // Around a reload the clusters and the call's configuration may differ: credentials of the one must not go to an address of the other.
    private static bool IsOf(ServerConfig server, DestinationState destination) =>
        server.Destinations.TryGetValue(destination.DestinationId, out var address) && address.AbsoluteUri == destination.Model.Config.Address;

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The answer owns the lease once there is one; every other way out disposes it.")]
    private async ValueTask<(UpstreamAnswer Answer, bool MayTryNext)> SendAsync(
        UpstreamRequest request, ClusterState cluster, HttpMessageInvoker client, DestinationState destination, CancellationToken cancellationToken)
    {
        var load = balancer.LoadOf(destination);
        var patience = new CancellationTokenSource(request.Server.ResponseTimeout, time);
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        var sent = UpstreamHeaders.Write(request, destination.Model.Config.Address);
        var lease = new Lease(sent, load, deadline, patience);
        load.Enter();
        try
        {
            var response = await client.SendAsync(sent, deadline.Token);
            patience.CancelAfter(Unbounded);
            lease.Response = response;
            return (Read(response, destination, lease, await response.Content.ReadAsStreamAsync(cancellationToken)), false);
        }
        catch (OperationCanceledException e) when (e.InnerException is TimeoutException && !deadline.IsCancellationRequested)
        {
            // The client's own bound on connecting, which comes as a cancellation that nobody asked for.
            lease.Dispose();
            clusters.ReportFailure(request.Server, cluster, destination);
            telemetry.UpstreamUnreachable(request.Server.Name, destination.DestinationId, HttpRequestError.ConnectionError);
            return (UpstreamAnswer.Failed("The server could not be reached: no connection came about in time.", destination.DestinationId, isTimeout: false), true);
        }
        catch (HttpRequestException e)
        {
            lease.Dispose();
            if (e.HttpRequestError != HttpRequestError.Unknown || e.InnerException is IOException)
            {
                // What the client would not even send says nothing about the destination.
                clusters.ReportFailure(request.Server, cluster, destination);
            }

            telemetry.UpstreamUnreachable(request.Server.Name, destination.DestinationId, e.HttpRequestError);
            var nothingSent = ConnectFaults.IsNothingSent(e.HttpRequestError);
            return (UpstreamAnswer.Failed(nothingSent ? $"The server could not be reached ({e.HttpRequestError})." : $"The server broke off before it answered ({e.HttpRequestError}).", destination.DestinationId, isTimeout: false), nothingSent);
        }
        catch (OperationCanceledException)
        {
            lease.Dispose();
            return cancellationToken.IsCancellationRequested
                ? (UpstreamAnswer.Failed("The server had not answered when it was no longer waited for.", destination.DestinationId, isTimeout: false), false)
                : (UpstreamAnswer.Failed($"The server did not answer within {request.Server.ResponseTimeout.TotalSeconds:0} s.", destination.DestinationId, isTimeout: true), false);
        }
        catch (IOException)
        {
            lease.Dispose();
            clusters.ReportFailure(request.Server, cluster, destination);
            return (UpstreamAnswer.Failed("The server broke off.", destination.DestinationId, isTimeout: false), false);
        }
    }

    private static UpstreamAnswer Read(HttpResponseMessage response, DestinationState destination, Lease lease, Stream body)
    {
        var content = response.Content.Headers;
        return new(lease)
        {
            Status = (int)response.StatusCode,
            ContentType = content.ContentEncoding.All(IsIdentity) ? content.ContentType?.ToString() : "encoded",
            ContentLength = content.ContentLength,
            Session = response.Headers.NonValidated.TryGetValues(UpstreamHeaders.Session, out var session) && session.Count == 1 ? session.ToString() : null,
            Destination = destination.DestinationId,
            RetryAfter = response.Headers.RetryAfter?.ToString(),
            Body = body,
        };
    }

    // The C# SDK's servers write the coding that means no coding (RFC 9110 §8.4.1 reserves it) on every stream.
    private static bool IsIdentity(string coding) => coding.Equals("identity", StringComparison.OrdinalIgnoreCase);

    private sealed class Lease(HttpRequestMessage sent, Balancer.Load load, CancellationTokenSource deadline, CancellationTokenSource patience) : IDisposable
    {
        public HttpResponseMessage? Response { get; set; }

        public void Dispose()
        {
            load.Leave();
            Response?.Dispose();
            sent.Dispose();
            deadline.Dispose();
            patience.Dispose();
        }
    }
}
