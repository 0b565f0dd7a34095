using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Host.Doors;

/// <summary>
/// Standard streams on one side, the gateway on the other, for clients that only speak stdio. It adds no meaning: lines go out as they came in,
/// answers and streamed messages come back as lines; only the headers that HTTP needs are made from the body.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "Semaphores without handles; the connection lives as long as the process.")]
internal sealed class StdioConnection(HttpClient client, Uri endpoint, Stream input, Stream output, TimeProvider time)
{
    private const int LongestLine = 32 * 1024 * 1024;
    private const int MostAtOnce = 64;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);
    private static readonly McpLimits Limits = new();

    private readonly MessageLines _lines = new(output);
    private readonly SemaphoreSlim _inFlight = new(MostAtOnce, MostAtOnce);
    private readonly ConcurrentDictionary<string, CancellationTokenSource> _calls = new(StringComparer.Ordinal);
    private readonly ParameterHeaders _parameters = new();
    private string? _session;
    private string? _protocol;
    private Task _events = Task.CompletedTask;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var calls = new List<Task>();
        using var reader = new StreamReader(input, new UTF8Encoding(false), false, 64 * 1024, leaveOpen: true);
        while (await reader.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Length is 0 or > LongestLine)
            {
                continue;
            }

            calls.RemoveAll(c => c.IsCompleted);
            await AcceptAsync(Encoding.UTF8.GetBytes(line), calls, ending.Token);
        }

        await Task.WhenAll(calls).WaitAsync(Farewell, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ending.CancelAsync();
        await _events.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await EndSessionAsync(cancellationToken);
    }

    private async Task AcceptAsync(byte[] line, List<Task> calls, CancellationToken cancellationToken)
    {
        var read = McpReader.Read(line, Limits);
        if (!read.IsRead)
        {
            await _lines.WriteAsync(read.Fault!.ToResponse(), cancellationToken);
            return;
        }

        var message = read.Message;
        var modern = message.MetaProtocolVersion is { } version && McpRevisions.IsModern(version);
        if (message.Method == "notifications/cancelled" && message.CancelledRequestId is { } cancelled && _calls.TryGetValue(cancelled.ToString(), out var call) && (modern || _protocol is null))
        {
            // Over HTTP, closing the response is how a modern client cancels (2026-07-28, Cancellation).
            await call.CancelAsync();
            return;
        }

        if (message.Kind == McpKind.Request && message.Method != "initialize")
        {
            await _inFlight.WaitAsync(cancellationToken);
            calls.Add(CallAsync(message, cancellationToken));
            return;
        }

        await PostAsync(message, cancellationToken);
        if (message.Method == "notifications/initialized" && _session is not null)
        {
            _events = FollowAsync(cancellationToken);
        }
    }

    private async Task CallAsync(McpMessage message, CancellationToken cancellationToken)
    {
        var id = message.Id!.Value.ToString();
        using var call = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _calls[id] = call;
        try
        {
            await PostAsync(message, call.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The client cancelled it and waits for nothing.
        }
        finally
        {
            _calls.TryRemove(id, out _);
            _inFlight.Release();
        }
    }

    private async Task PostAsync(McpMessage message, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ReadOnlyMemoryContent(message.Raw) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Accept.ParseAdd("application/json, text/event-stream");
        AddHeaders(request, message);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (message.Method == "initialize" && response.Headers.TryGetValues("Mcp-Session-Id", out var session))
            {
                _session = session.First();
            }

            var answered = await RelayAsync(response, message, cancellationToken);
            if (!answered && message.Id is { } id && message.Kind == McpKind.Request)
            {
                await _lines.WriteAsync(McpErrors.Write(id, McpErrors.InternalError, $"The gateway answered HTTP {(int)response.StatusCode} without a message.", null), cancellationToken);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException && !cancellationToken.IsCancellationRequested)
        {
            if (message.Id is { } id && message.Kind == McpKind.Request)
            {
                await _lines.WriteAsync(McpErrors.Write(id, McpErrors.InternalError, $"The gateway at {endpoint} cannot be reached; is 'mcpledger up' running?", null), cancellationToken);
            }
        }
    }

    private void AddHeaders(HttpRequestMessage request, in McpMessage message)
    {
        if (message.MetaProtocolVersion is { } version && McpRevisions.IsModern(version))
        {
            request.Headers.Add("MCP-Protocol-Version", version);
            request.Headers.Add("Mcp-Method", message.Method);
            if (message.Name is { } name)
            {
                request.Headers.Add("Mcp-Name", McpHeaderValue.Encode(name));
            }

            foreach (var (header, value) in _parameters.For(message))
            {
                request.Headers.TryAddWithoutValidation(header, value);
            }

            return;
        }

        if (_session is not null)
        {
            request.Headers.Add("Mcp-Session-Id", _session);
        }

        if (_protocol is not null && message.Method != "initialize")
        {
            request.Headers.Add("MCP-Protocol-Version", _protocol);
        }
    }

    /// <summary>The stream on which a legacy server speaks first; one that has none answers 405.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, endpoint);
            request.Headers.Accept.ParseAdd("text/event-stream");
            request.Headers.Add("Mcp-Session-Id", _session);
            request.Headers.Add("MCP-Protocol-Version", _protocol ?? McpRevisions.Assumed);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            if (response.StatusCode == HttpStatusCode.OK)
            {
                await RelayEventsAsync(response, default, cancellationToken);
            }
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // Calls go on without it; the next one says what is wrong with the gateway, if anything is.
        }
    }

    /// <returns>Whether the final response, or anything when there was nothing to answer, was written.</returns>
    private async Task<bool> RelayAsync(HttpResponseMessage response, McpMessage request, CancellationToken cancellationToken)
    {
        switch (response.Content.Headers.ContentType?.MediaType)
        {
            case "text/event-stream":
                return await RelayEventsAsync(response, request, cancellationToken);
            case "application/json":
                var body = await BoundedBody.ReadAsync(response.Content, LongestLine, cancellationToken);
                return body.Length > 0 && await WriteMessageAsync(body, request, cancellationToken);
            default:
                return false;
        }
    }

    private async Task<bool> RelayEventsAsync(HttpResponseMessage response, McpMessage request, CancellationToken cancellationToken)
    {
        var answered = false;
        await using var stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        using var events = new SseReader(LongestLine);
        var chunk = ArrayPool<byte>.Shared.Rent(16 * 1024);
        try
        {
            for (int count; (count = await stream.ReadAsync(chunk, cancellationToken)) > 0;)
            {
                events.Append(chunk.AsSpan(0, count));
                while (events.TryRead(out var read) == SseStep.Event)
                {
                    answered |= read.HasData && read.Data.Length > 0 && read.Event is null or "message" && await WriteMessageAsync(read.Data, request, cancellationToken);
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
        _protocol ??= message.InitializeProtocolVersion;
        if (request.Method == "tools/list" && message.Kind == McpKind.Response)
        {
            _parameters.Learn(message.Result);
        }

        await _lines.WriteAsync(json, cancellationToken);
        return message.Kind == McpKind.Response;
    }

    private async Task EndSessionAsync(CancellationToken cancellationToken)
    {
        if (_session is null)
        {
            return;
        }

        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Delete, endpoint);
            request.Headers.Add("Mcp-Session-Id", _session);
            request.Headers.Add("MCP-Protocol-Version", _protocol ?? McpRevisions.Assumed);
            using var response = await client.SendAsync(request, cancellationToken);
        }
        catch (HttpRequestException)
        {
            // The gateway is gone, and the session with it.
        }
    }
}
