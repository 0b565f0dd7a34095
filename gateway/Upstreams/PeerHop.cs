using System.Net;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Capture;
using McpLedger.Gateway.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// Passes a request on to the replica that holds the session's process or stream: one hop, never two. The owner does everything, recording
/// included; this replica only carries bytes. The caller's credentials go along, because the owner is us.
/// </summary>
internal sealed class PeerHop(GatewayOptions options, HopSeal seal, GatewayTelemetry telemetry, IHostApplicationLifetime lifetime, TimeProvider time) : IDisposable
{
    /// <summary>Says which replica passed the request on, so that none passes it on again.</summary>
    public const string HopHeader = "McpLedger-Hop";

    // The client's address, sealed: by it the owner records who called, and not who carried the call.
    private const string ClientHeader = "McpLedger-Client";
    private const int BufferSize = 16 * 1024;

    private static readonly string[] Carried =
    [
        HeaderNames.Accept, HeaderNames.Authorization, "X-Api-Key", HeaderNames.Origin, HeaderNames.UserAgent, HeaderNames.TraceParent, HeaderNames.TraceState,
        UpstreamHeaders.Session, UpstreamHeaders.Protocol, UpstreamHeaders.LastEventId, "Mcp-Method", "Mcp-Name",
    ];

    private static readonly string[] Returned =
        [HeaderNames.ContentType, HeaderNames.RetryAfter, HeaderNames.WWWAuthenticate, HeaderNames.Allow, HeaderNames.CacheControl, UpstreamHeaders.Session, "Audit-Id", "X-Accel-Buffering"];

    private readonly HttpMessageInvoker _client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        ActivityHeadersPropagator = null,
    });

    public static bool IsHop(HttpRequest request) => request.Headers.ContainsKey(HopHeader);

    /// <summary>The address of the client whose request another replica carried here, as that saw it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="session">The session id that it presented.</param>
    /// <returns>Null where no replica says so.</returns>
    public string? ClientOf(HttpRequest request, string session) =>
        IsHop(request) && request.Headers[ClientHeader] is { Count: 1 } said ? seal.Open(said.ToString(), session) : null;

    /// <summary>Carries the request to <paramref name="peer"/> and its answer back.</summary>
    public async Task<HopEnd> CarryAsync(Exchange exchange, Uri peer, SessionClaims claims, ReadOnlyMemory<byte> body)
    {
        var http = exchange.Http;

        // A stream stands open as long as its client likes, and would hold up the stop of a replica that only carries it.
        using var over = http.Request.Method == "GET" ? CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping) : null;
        using var request = new HttpRequestMessage(new(http.Request.Method), new Uri(peer, $"/s/{claims.Server}/mcp"));
        request.Headers.Host = http.Request.Host.Value;
        request.Headers.TryAddWithoutValidation(HopHeader, options.Instance);
        if (exchange is { Peer: { } client, PresentedSession: { } session })
        {
            request.Headers.TryAddWithoutValidation(ClientHeader, seal.Seal(client, session));
        }

        foreach (var name in Carried)
        {
            if (http.Request.Headers.TryGetValue(name, out var values) && UpstreamHeaders.CanBeSent(values))
            {
                request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }
        }

        if (!body.IsEmpty)
        {
            request.Content = new ReadOnlyMemoryContent(body) { Headers = { ContentType = new("application/json") } };
        }

        try
        {
            var givenUp = over?.Token ?? http.RequestAborted;
            using var response = await _client.SendAsync(request, givenUp);
            await CopyAsync(response, http, givenUp);
            return HopEnd.Carried;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException && over is { IsCancellationRequested: true } && !http.RequestAborted.IsCancellationRequested)
        {
            return http.Response.HasStarted ? HopEnd.Carried : HopEnd.Stopped;
        }
        catch (Exception e) when (IsUnreached(e) && !http.RequestAborted.IsCancellationRequested)
        {
            return HopEnd.Unreached;
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !http.Response.HasStarted && !http.RequestAborted.IsCancellationRequested)
        {
            // Whether the owner recorded it nobody here can know, and no event says "passed on, end unknown".
            telemetry.HopBroken(claims.Server, peer.Authority);
            http.Response.Clear();
            return HopEnd.BrokeOff;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException or TimeoutException)
        {
            http.Abort();
            return HopEnd.Carried;
        }
    }

    public void Dispose() => _client.Dispose();

    private static bool IsUnreached(Exception e) => (e is HttpRequestException known && ConnectFaults.IsNothingSent(known.HttpRequestError)) || ConnectFaults.IsTimeout(e);

    private async Task CopyAsync(HttpResponseMessage response, HttpContext http, CancellationToken givenUp)
    {
        http.Response.StatusCode = (int)response.StatusCode;
        foreach (var name in Returned)
        {
            if (response.Headers.NonValidated.TryGetValues(name, out var values) || response.Content.Headers.NonValidated.TryGetValues(name, out values))
            {
                http.Response.Headers[name] = values.ToArray();
            }
        }

        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        if (response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            // Clients count the wait for the head of an answer against short timeouts, and a stream may be silent for days.
            await http.Response.Body.FlushAsync(givenUp);
        }

        await using var from = await response.Content.ReadAsStreamAsync(givenUp);
        var buffer = new byte[BufferSize];
        int read;
        while ((read = await from.ReadAsync(buffer, givenUp)) > 0)
        {
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), givenUp).AsTask().WaitAsync(ClientAnswer.LongestStall, time, CancellationToken.None);
            await http.Response.Body.FlushAsync(givenUp).WaitAsync(ClientAnswer.LongestStall, time, CancellationToken.None);
        }
    }
}

/// <summary>What became of a request that was passed on to another replica. The safe value is zero (I7).</summary>
internal enum HopEnd
{
    /// <summary>The peer could not be reached: it was sent nothing, and the client has been given nothing.</summary>
    Unreached = 0,

    /// <summary>The connection broke after the peer was sent the request: it may have taken and recorded it. The client has been given nothing.</summary>
    BrokeOff = 1,

    /// <summary>The client was given the peer's answer, or has gone.</summary>
    Carried = 2,

    /// <summary>This replica stops, and the client has been given nothing.</summary>
    Stopped = 3,
}
