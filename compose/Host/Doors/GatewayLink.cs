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
    private const int MostInVain = 10;
    private static readonly TimeSpan LongestResuming = TimeSpan.FromHours(6);
    private static readonly McpLimits Limits = new();

    private readonly ParameterHeaders _parameters = new();
    private string? _session;
    private string? _protocol;

    public bool HasSession => _session is not null;

    /// <summary>Whether a server of the legacy era has answered <c>initialize</c>.</summary>
    public bool IsLegacy => _protocol is not null;

    /// <summary>Posts a message and writes whatever comes back. A request is answered in any case.</summary>
    public Task PostAsync(McpMessage message, CancellationToken cancellationToken) => PostAsync(message, cancellationToken, cancellationToken);

    /// <summary>Posts a request and writes whatever comes back. It is answered in any case, unless it is cancelled.</summary>
    public Task CallAsync(McpMessage message, PendingCall call) => PostAsync(message, call.Unwanted, call.Token);

    private async Task PostAsync(McpMessage message, CancellationToken unwanted, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ReadOnlyMemoryContent(message.Raw) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        if (!TryAddHeaders(request, message))
        {
            await FailAsync(message, McpErrors.InvalidRequest, "Method and protocol version become headers, and one of them holds what no header can carry.", unwanted);
            return;
        }

        var place = new StreamPlace();
        var began = time.GetTimestamp();
        if (await SendAsync(request, message, place, cancellationToken) is not { } fault)
        {
            return;
        }

        if (CanBeResumed(message, place))
        {
            if (await ResumeAsync(message, place, began, unwanted))
            {
                return;
            }

            fault = "The stream that was to answer ended to be resumed, and no answer came when it was.";
        }

        await FailAsync(message, McpErrors.InternalError, fault, unwanted);
    }

    /// <summary>Sends what is to be posted, and writes whatever comes back.</summary>
    /// <returns>Why there is no answer; null where there is one, or none was to be.</returns>
    private async Task<string?> SendAsync(HttpRequestMessage request, McpMessage message, StreamPlace place, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (message.Method == "initialize" && response.Headers.TryGetValues("Mcp-Session-Id", out var session) && ServerHeaders.CanBeSent(session.First()))
            {
                _session = session.First();
            }

            return await RelayAsync(response, message, place, cancellationToken) ? null : $"The gateway answered HTTP {(int)response.StatusCode} without a message.";
        }
        catch (HttpRequestException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The gateway at {endpoint} cannot be reached; is 'mcpledger up' running?";
        }
        catch (IOException e) when (!cancellationToken.IsCancellationRequested)
        {
            return $"The answer of the gateway at {endpoint} broke off: {e.Message}";
        }
    }

    /// <summary>Keeps the stream open on which a legacy server speaks first, from where it broke off; one that has none answers 405, and a session that is gone 404.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        var place = new StreamPlace();
        for (var began = time.GetTimestamp(); await FollowOnceAsync(default, place, cancellationToken) != Followed.Over; began = time.GetTimestamp())
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

    // A stream that ends after an event with an id, closed by the server or broken on the way, is resumed from there (2025-11-25, Transports).
    private static bool CanBeResumed(in McpMessage message, StreamPlace place) =>
        message.Kind == McpKind.Request && place.LastEvent is { Length: > 0 } && !(message.MetaProtocolVersion is { } version && McpRevisions.IsModern(version));

    /// <summary>Asks for the rest of a request's stream until its answer is there, at the pace that the server sets, as long as there is hope of one.</summary>
    private async Task<bool> ResumeAsync(McpMessage request, StreamPlace place, long began, CancellationToken cancellationToken)
    {
        var stood = time.GetElapsedTime(began);
        for (var inVain = 0; inVain < MostInVain && time.GetElapsedTime(began) < LongestResuming && place.LastEvent is { Length: > 0 } before;)
        {
            await Task.Delay(place.NextPause(stood), time, cancellationToken);
            var opened = time.GetTimestamp();
            var followed = await FollowOnceAsync(request, place, cancellationToken);
            if (followed is Followed.Answered or Followed.Over)
            {
                return followed == Followed.Answered;
            }

            // Who lets a stream stand, and ends it while the call goes on, is there: such a call may be long.
            stood = time.GetElapsedTime(opened);
            inVain = place.LastEvent != before || (followed == Followed.Ended && stood > place.Retry) ? 0 : inVain + 1;
        }

        return false;
    }

    /// <param name="request">The request whose stream it is; a default one for the session's own.</param>
    /// <param name="place">Where it goes on.</param>
    /// <param name="cancellationToken">Fires when nobody wants it any more.</param>
    private async Task<Followed> FollowOnceAsync(McpMessage request, StreamPlace place, CancellationToken cancellationToken)
    {
        var isOwn = request.Kind != McpKind.Request;
        try
        {
            using var get = InSession(HttpMethod.Get);
            get.Headers.Accept.ParseAdd("text/event-stream");
            if (place.LastEvent is { Length: > 0 } last)
            {
                get.Headers.TryAddWithoutValidation("Last-Event-ID", last);
            }

            using var response = await client.SendAsync(get, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                return await RelayEventsAsync(response, request, place, endsWithAnswer: !isOwn, cancellationToken) && !isOwn ? Followed.Answered : Followed.Ended;
            }

            // A place that it does not take, though it gave it: the session's stream goes on from now. The answer of a request lies after its place only.
            if (response.StatusCode == HttpStatusCode.BadRequest && isOwn && place.Forget())
            {
                return Followed.Ended;
            }

            // What it says while it restarts, or while it has not noticed that the last stream is gone.
            return response.StatusCode is HttpStatusCode.Conflict or HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout ? Followed.Away : Followed.Over;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            // Calls go on without it; the next one says what is wrong with the gateway, if anything is.
            return Followed.Away;
        }
    }

    private HttpRequestMessage InSession(HttpMethod method)
    {
        var request = new HttpRequestMessage(method, endpoint);
        if (_session is not null)
        {
            request.Headers.TryAddWithoutValidation("Mcp-Session-Id", _session);
        }

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

    private async Task FailAsync(McpMessage message, int code, string text, CancellationToken unwanted)
    {
        // A cancelled request gets no answer (2025-11-25, Cancellation), and its client may have forgotten the id.
        if (message is { Kind: McpKind.Request, Id: { } id } && !unwanted.IsCancellationRequested)
        {
            await lines.WriteAsync(McpErrors.Write(id, code, text, null), unwanted);
        }
    }

    /// <returns>Whether the final response, or anything when there was nothing to answer, was written.</returns>
    private async Task<bool> RelayAsync(HttpResponseMessage response, McpMessage request, StreamPlace place, CancellationToken cancellationToken)
    {
        switch (response.Content.Headers.ContentType?.MediaType)
        {
            case "text/event-stream":
                return await RelayEventsAsync(response, request, place, endsWithAnswer: false, cancellationToken);
            case "application/json":
                var body = await BoundedBody.ReadAsync(response.Content, longest, cancellationToken);
                return body.Length > 0 && await WriteMessageAsync(body, request, isWhole: true, cancellationToken);
            default:
                return false;
        }
    }

    private async Task<bool> RelayEventsAsync(HttpResponseMessage response, McpMessage request, StreamPlace place, bool endsWithAnswer, CancellationToken cancellationToken)
    {
        var answered = false;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var events = new SseReader(longest);
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            for (int count; !(answered && endsWithAnswer) && (count = await stream.ReadAsync(chunk, cancellationToken)) > 0;)
            {
                events.Append(chunk.AsSpan(0, count));
                SseStep step;
                while ((step = events.TryRead(out var read)) == SseStep.Event)
                {
                    answered |= read.IsMessage && await WriteMessageAsync(read.Data, request, isWhole: false, cancellationToken);
                    place.Pass(read);
                }

                if (step == SseStep.TooLong)
                {
                    // Asked for again from where it stands, it would come again.
                    place.Forget();
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

    /// <returns>Whether it answers the request; where there was none to answer, whether it answers anything.</returns>
    private async Task<bool> WriteMessageAsync(ReadOnlyMemory<byte> json, McpMessage request, bool isWhole, CancellationToken cancellationToken)
    {
        var read = McpReader.Read(json, Limits);
        if (!read.IsRead)
        {
            return false;
        }

        var message = read.Message;
        var answers = message.Kind == McpKind.Response && (request.Kind != McpKind.Request || IsAnswer(message, request, isWhole));
        if (request.Method == "initialize" && message.InitializeProtocolVersion is { } protocol && ServerHeaders.CanBeSent(protocol))
        {
            _protocol ??= protocol;
        }

        if (request.Method == "tools/list" && answers)
        {
            _parameters.Learn(message.Result);
        }

        await lines.WriteAsync(json, cancellationToken);
        return answers;
    }

    // A stream that is resumed may bring what is another request's. A body is the answer also where whoever wrote it could not read the id.
    private static bool IsAnswer(in McpMessage message, in McpMessage request, bool isWhole) => MessageKey.AreSame(message.Id, request.Id) || (isWhole && message.Id is null);

    /// <summary>What came of opening a stream.</summary>
    private enum Followed
    {
        /// <summary>There is no such stream, and asking again gives none.</summary>
        Over = 0,

        /// <summary>It was not there just now, or broke off.</summary>
        Away = 1,

        /// <summary>It stood for a while, and whoever opened it ended it.</summary>
        Ended = 2,

        /// <summary>It brought the answer that it was opened for.</summary>
        Answered = 3,
    }
}
