using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.LegacySse;

/// <summary>HTTP+SSE of 2024-11-05 as a link: one GET stream that brings every message, and the address for POSTs that its first event names.</summary>
internal sealed class SseLink : IMessageLink
{
    /// <summary>Status of a fault that may pass by itself.</summary>
    public const int Unreachable = 503;

    private const int MaxEndpoint = 4096;
    private const int ReadLength = 16 * 1024;
    [SuppressMessage("Usage", "CA2213", Justification = "All links share it; the bridge ends it.")]
    private readonly HttpMessageInvoker _http;
    private readonly ServerConfig _server;
    private readonly HttpResponseMessage _response;
    [SuppressMessage("Usage", "CA2213", Justification = "It ends with its response.")]
    private readonly Stream _body;
    private readonly SseReader _events;
    private readonly BridgeLimits _limits;
    private readonly TimeProvider _time;
    private readonly byte[] _chunk = new byte[ReadLength];
    private Uri _endpoint;
    private Action? _released;

    private SseLink(HttpMessageInvoker http, ServerConfig server, Uri address, HttpResponseMessage response, Stream body, BridgeLimits limits, TimeProvider time)
    {
        _http = http;
        _server = server;
        _endpoint = address;
        _response = response;
        _body = body;
        _events = new(limits.MaxMessageBytes + MaxEndpoint);
        _limits = limits;
        _time = time;
    }

    public BridgeFault End { get; private set; } = new(502, "The server's event stream was ended.");

    /// <summary>Opens the stream at <paramref name="address"/> and waits for the endpoint. <paramref name="released"/> is called at the link's end, not on a fault.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The finally ends what is not handed out.")]
    public static async ValueTask<OpenedLink> OpenAsync(
        HttpMessageInvoker http, ServerConfig server, Uri address, BridgeLimits limits, TimeProvider time, Action released, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(limits.ProbeTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        HttpResponseMessage? response = null;
        SseLink? opening = null;
        var isOpen = false;
        try
        {
            using var request = RequestTo(HttpMethod.Get, address, server);
            request.Headers.Accept.Add(new("text/event-stream"));
            response = await http.SendAsync(request, either.Token);
            if (response.StatusCode != HttpStatusCode.OK || response.Content.Headers.ContentType?.MediaType != "text/event-stream")
            {
                return new(null, new((int)response.StatusCode >= 500 ? Unreachable : 502, $"The server answered {(int)response.StatusCode} ({MediaTypes.Shown(response.Content.Headers.ContentType?.MediaType)}) where 200 and text/event-stream opens a stream. Is this the address of an HTTP+SSE server?"));
            }

            opening = new(http, server, address, response, await response.Content.ReadAsStreamAsync(either.Token), limits, time);
            if (await opening.FindEndpointAsync(address, either.Token) is { } fault)
            {
                return new(null, fault);
            }

            opening._released = released;
            isOpen = true;
            return new(opening, null);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return new(null, new(504, $"The server opened no event stream within {limits.ProbeTimeout.TotalSeconds:0.#} s."));
        }
        catch (Exception e) when (e is HttpRequestException or IOException || ConnectFaults.IsTimeout(e))
        {
            return new(null, new(Unreachable, $"The server cannot be reached: {ReasonOf(e)}"));
        }
        finally
        {
            if (!isOpen)
            {
                response?.Dispose();
                await (opening?.DisposeAsync() ?? ValueTask.CompletedTask);
            }
        }
    }

    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (await NextAsync(cancellationToken) is { } read)
            {
                if (read.Name is null or "message")
                {
                    return read.Data;
                }
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException or ObjectDisposedException)
        {
            // What the HTTP client says of a chunk it cannot read repeats it.
            End = new(502, "The server's event stream broke off.");
        }

        return null;
    }

    public async ValueTask<BridgeFault?> SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_limits.SendTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var request = RequestTo(HttpMethod.Post, _endpoint, _server);
            request.Content = new ReadOnlyMemoryContent(message) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var response = await _http.SendAsync(request, either.Token);
            return response.IsSuccessStatusCode ? null : new(502, $"The server answered {(int)response.StatusCode} to a message it should have accepted.");
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            return new(504, $"The server did not accept a message within {_limits.SendTimeout.TotalSeconds:0.#} s.");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || ConnectFaults.IsTimeout(e))
        {
            return new(502, $"The server cannot be reached: {ReasonOf(e)}");
        }
    }

    public ValueTask DisposeAsync()
    {
        _response.Dispose();
        _events.Dispose();
        Interlocked.Exchange(ref _released, null)?.Invoke();
        return ValueTask.CompletedTask;
    }

    // The client's words on a head that it cannot read repeat it; those on a connection that did not come about are its own.
    private static string ReasonOf(Exception error) => error switch
    {
        HttpRequestException known when ConnectFaults.IsNothingSent(known.HttpRequestError) => known.Message,
        HttpRequestException known => $"{known.HttpRequestError}.",
        IOException => "The connection broke.",
        _ => error.Message,
    };

    private static HttpRequestMessage RequestTo(HttpMethod method, Uri address, ServerConfig server)
    {
        var request = new HttpRequestMessage(method, address);
        foreach (var (name, value) in server.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private async ValueTask<BridgeFault?> FindEndpointAsync(Uri address, CancellationToken cancellationToken)
    {
        while (await NextAsync(cancellationToken) is { } read)
        {
            if (read.Name != "endpoint")
            {
                continue;
            }

            // What the server names decides where our credentials and the client's messages go: nowhere but to the server itself.
            if (read.Data.Length > MaxEndpoint || !Uri.TryCreate(address, Encoding.UTF8.GetString(read.Data.Span), out var endpoint) || !IsSameOrigin(address, endpoint))
            {
                return new(502, "The server named an address for messages that is not its own. It was not used.");
            }

            _endpoint = endpoint;
            return null;
        }

        return new(502, "The server's event stream ended before it named an address for messages.");
    }

    private static bool IsSameOrigin(Uri one, Uri other) =>
        one.Scheme == other.Scheme && one.IdnHost == other.IdnHost && one.Port == other.Port && other.UserInfo.Length == 0;

    private async ValueTask<(string? Name, ReadOnlyMemory<byte> Data)?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            switch (_events.TryRead(out var read))
            {
                case SseStep.Event when read.HasData:
                    return (read.Event, read.Data.ToArray());
                case SseStep.Event:
                    break;
                case SseStep.TooLong:
                    End = new(502, $"The server sent an event of more than {_limits.MaxMessageBytes} bytes. Its stream was ended.");
                    return null;
                default:
                    var count = await _body.ReadAsync(_chunk, cancellationToken);
                    if (count == 0)
                    {
                        End = new(502, "The server ended its event stream, and the session with it.");
                        return null;
                    }

                    _events.Append(_chunk.AsSpan(0, count));
                    break;
            }
        }
    }
}
