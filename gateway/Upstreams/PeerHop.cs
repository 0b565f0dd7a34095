using System.Net;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// Passes a request on to the replica that holds the session's process or stream: one hop, never two. The owner does everything, recording
/// included; this replica only carries bytes. The caller's credentials go along, because the owner is us.
/// </summary>
internal sealed class PeerHop(GatewayOptions options, GatewayTelemetry telemetry, TimeProvider time) : IDisposable
{
    /// <summary>Says which replica passed the request on, so that none passes it on again.</summary>
    public const string HopHeader = "McpLedger-Hop";

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

    /// <summary>Carries the request to <paramref name="peer"/> and its answer back.</summary>
    public async Task<HopEnd> CarryAsync(HttpContext http, Uri peer, SessionClaims claims, ReadOnlyMemory<byte> body)
    {
        using var request = new HttpRequestMessage(new(http.Request.Method), new Uri(peer, $"/s/{claims.Server}/mcp"));
        request.Headers.Host = http.Request.Host.Value;
        request.Headers.TryAddWithoutValidation(HopHeader, options.Instance);
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
            using var response = await _client.SendAsync(request, http.RequestAborted);
            await CopyAsync(response, http);
            return HopEnd.Carried;
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

    private async Task CopyAsync(HttpResponseMessage response, HttpContext http)
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
        await using var from = await response.Content.ReadAsStreamAsync(http.RequestAborted);
        var buffer = new byte[BufferSize];
        int read;
        while ((read = await from.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            await http.Response.Body.WriteAsync(buffer.AsMemory(0, read), http.RequestAborted).AsTask().WaitAsync(ClientAnswer.LongestStall, time);
            await http.Response.Body.FlushAsync(http.RequestAborted).WaitAsync(ClientAnswer.LongestStall, time);
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
}
