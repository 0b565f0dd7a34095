using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using McpLedger.Contracts.Mcp;
using McpLedger.Host.Configuration;

namespace McpLedger.Host.Doors;

/// <summary>The gateway as a stdio client's messages reach it over HTTP: posts them with the headers that HTTP needs, and writes what comes back as lines.</summary>
/// <param name="client">Toward the gateway.</param>
/// <param name="endpoint">The server's address there.</param>
/// <param name="lines">Where answers and streamed messages go.</param>
/// <param name="longest">Longest message that is taken from the gateway.</param>
/// <param name="time">The clock that reopening a stream waits by.</param>
internal sealed class GatewayLink(HttpClient client, Uri endpoint, MessageLines lines, int longest, TimeProvider time)
{
    private static readonly TimeSpan Reopening = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestReopening = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestReopening = TimeSpan.FromMinutes(1);
    private static readonly McpLimits Limits = new();

    private readonly ParameterHeaders _parameters = new();
    private string? _session;
    private string? _protocol;

    public bool HasSession => _session is not null;

    /// <summary>Whether a server of the legacy era has answered <c>initialize</c>.</summary>
    public bool IsLegacy => _protocol is not null;

    /// <summary>Posts a message and writes whatever comes back. A request is answered in any case, unless it is cancelled.</summary>
    public async Task PostAsync(McpMessage message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ReadOnlyMemoryContent(message.Raw) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (!TryAddHeaders(request, message))
        {
            await FailAsync(message, McpErrors.InvalidRequest, "Method and protocol version become headers, and one of them holds what no header can carry.", cancellationToken);
            return;
        }

        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (message.Method == "initialize" && response.Headers.TryGetValues("Mcp-Session-Id", out var session) && ServerHeaders.CanBeSent(session.First()))
            {
                _session = session.First();
            }

            if (!await RelayAsync(response, message, cancellationToken))
            {
                await FailAsync(message, McpErrors.InternalError, $"The gateway answered HTTP {(int)response.StatusCode} without a message.", cancellationToken);
            }
        }
        catch (HttpRequestException) when (!cancellationToken.IsCancellationRequested)
        {
            await FailAsync(message, McpErrors.InternalError, $"The gateway at {endpoint} cannot be reached; is 'mcpledger up' running?", cancellationToken);
        }
        catch (IOException e) when (!cancellationToken.IsCancellationRequested)
        {
            await FailAsync(message, McpErrors.InternalError, $"The answer of the gateway at {endpoint} broke off: {e.Message}", cancellationToken);
        }
    }

    /// <summary>Keeps the stream open on which a legacy server speaks first, from where it broke off; one that has none answers 405, and a session that is gone 404.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var place = new StreamPlace();
        for (var began = time.GetTimestamp(); await FollowOnceAsync(place, cancellationToken); began = time.GetTimestamp())
        {
            await Task.Delay(place.NextPause(time.GetElapsedTime(began)), time, cancellationToken);
        }
    }

    /// <summary>Tells the gateway that the session is over.</summary>
    public async Task EndAsync(TimeSpan patience)
    {
        if (_session is null)
        {
            return;
        }

        using var deadline = new CancellationTokenSource(patience, time);
        try
        {
            using var request = InSession(HttpMethod.Delete);
            using var response = await client.SendAsync(request, deadline.Token);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // The gateway is gone, and the session with it, or it ends the session once it has been idle long enough.
        }
    }

    /// <returns>Whether it is worth trying again.</returns>
    private async Task<bool> FollowOnceAsync(StreamPlace place, CancellationToken cancellationToken)
    {
        try
        {
            using var request = InSession(HttpMethod.Get);
            request.Headers.Accept.ParseAdd("text/event-stream");
            if (place.LastEvent is { Length: > 0 } last)
            {
                request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
            }

            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                await RelayEventsAsync(response, default, place, cancellationToken);
                return true;
            }

            // A place that it does not take, though it gave it: the stream goes on from now.
            if (response.StatusCode == HttpStatusCode.BadRequest && place.Forget())
            {
                return true;
            }

            // What it says while it restarts, or while it has not noticed that the last stream is gone.
            return response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // Calls go on without it; the next one says what is wrong with the gateway, if anything is.
            return true;
        }
    }

    private HttpRequestMessage InSession(HttpMethod method)
    {
        var request = new HttpRequestMessage(method, endpoint);
        request.Headers.TryAddWithoutValidation("Mcp-Session-Id", _session);
        request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", _protocol ?? McpRevisions.Assumed);
        return request;
    }

    /// <returns>False when the message asks for a header that none can be.</returns>
    private bool TryAddHeaders(HttpRequestMessage request, in McpMessage message)
    {
        if (message.MetaProtocolVersion is { } version && McpRevisions.IsModern(version))
        {
            if (!ServerHeaders.CanBeSent(version) || !ServerHeaders.CanBeSent(message.Method ?? ""))
            {
                return false;
            }

            request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", version);
            request.Headers.TryAddWithoutValidation("Mcp-Method", message.Method);
            if (message.Name is { } name)
            {
                request.Headers.TryAddWithoutValidation("Mcp-Name", McpHeaderValue.Encode(name));
            }

            foreach (var (header, value) in _parameters.For(message))
            {
                request.Headers.TryAddWithoutValidation(header, value);
            }

            return true;
        }

        if (_session is not null)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Session-Id", _session);
        }

        if (_protocol is not null && message.Method != "initialize")
        {
            request.Headers.TryAddWithoutValidation("MCP-Protocol-Version", _protocol);
        }

        return true;
    }

    private async Task FailAsync(McpMessage message, int code, string text, CancellationToken cancellationToken)
    {
        if (message is { Kind: McpKind.Request, Id: { } id })
        {
            await lines.WriteAsync(McpErrors.Write(id, code, text, null), cancellationToken);
        }
    }

    /// <returns>Whether the final response, or anything when there was nothing to answer, was written.</returns>
    private async Task<bool> RelayAsync(HttpResponseMessage response, McpMessage request, CancellationToken cancellationToken)
    {
        switch (response.Content.Headers.ContentType?.MediaType)
        {
            case "text/event-stream":
                return await RelayEventsAsync(response, request, null, cancellationToken);
            case "application/json":
                var body = await BoundedBody.ReadAsync(response.Content, longest, cancellationToken);
                return body.Length > 0 && await WriteMessageAsync(body, request, cancellationToken);
            default:
                return false;
        }
    }

    private async Task<bool> RelayEventsAsync(HttpResponseMessage response, McpMessage request, StreamPlace? place, CancellationToken cancellationToken)
    {
        var answered = false;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var events = new SseReader(longest);
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            for (int count; (count = await stream.ReadAsync(chunk, cancellationToken)) > 0;)
            {
                events.Append(chunk.AsSpan(0, count));
                SseStep step;
                while ((step = events.TryRead(out var read)) == SseStep.Event)
                {
                    answered |= read.HasData && read.Data.Length > 0 && read.Event is null or "message" && await WriteMessageAsync(read.Data, request, cancellationToken);
                    place?.Pass(read);
                }

                if (step == SseStep.TooLong)
                {
                    throw new IOException("a message in it is too long.");
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }

        return answered;
    }

    private async Task<bool> WriteMessageAsync(ReadOnlyMemory<byte> json, McpMessage request, CancellationToken cancellationToken)
    {
        var read = McpReader.Read(json, Limits);
        if (!read.IsRead)
        {
            return false;
        }

        var message = read.Message;
        if (request.Method == "initialize" && message.InitializeProtocolVersion is { } protocol && ServerHeaders.CanBeSent(protocol))
        {
            _protocol ??= protocol;
        }

        if (request.Method == "tools/list" && message.Kind == McpKind.Response)
        {
            _parameters.Learn(message.Result);
        }

        await lines.WriteAsync(json, cancellationToken);
        return message.Kind == McpKind.Response;
    }

    /// <summary>Where a stream stands: what to ask for, and when, once it has broken off.</summary>
    private sealed class StreamPlace
    {
        private TimeSpan _retry = Reopening;
        private TimeSpan _pause = Reopening;

        public string? LastEvent { get; private set; }

        public void Pass(in SseEvent read)
        {
            LastEvent = read.Id is { } id && ServerHeaders.CanBeSent(id) ? id : LastEvent;
            _retry = read.Retry is { } retry ? TimeSpan.FromMilliseconds(Math.Clamp(retry, ShortestReopening.TotalMilliseconds, LongestReopening.TotalMilliseconds)) : _retry;
            _pause = read.Data.Length > 0 ? _retry : _pause;
        }

        /// <returns>Whether there was anything to forget.</returns>
        public bool Forget()
        {
            var had = LastEvent is not null;
            LastEvent = null;
            return had;
        }

        /// <summary>How long to wait now: twice as long as the last time where the stream broke off soon and brought nothing, for each try stands in the ledger.</summary>
        /// <param name="stood">How long it was there.</param>
        public TimeSpan NextPause(TimeSpan stood)
        {
            var pause = stood > LongestReopening || _pause < _retry ? _retry : _pause;
            _pause = pause * 2 < LongestReopening ? pause * 2 : LongestReopening;
            return pause;
        }
    }
}
