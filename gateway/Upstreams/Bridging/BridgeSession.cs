using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>One session of the legacy era with an upstream of its own: what a Streamable HTTP server would do, over a link that only carries messages.</summary>
internal sealed class BridgeSession : IAsyncDisposable
{
    private readonly IMessageLink _link;
    private readonly BridgeLimits _limits;
    private readonly BridgeTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly PendingRequests _pending;
    private readonly StandaloneMessages _standalone;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lazy<Task> _disposal;
    private MessageKey? _opening;
    private bool _isRefused;
    private long _lastTraffic;

    public BridgeSession(string id, ServerConfig server, IMessageLink link, BridgeLimits limits, BridgeTelemetry telemetry, TimeProvider time)
    {
        Id = id;
        Server = server;
        _link = link;
        _limits = limits;
        _telemetry = telemetry;
        _time = time;
        _pending = new(limits.MaxPending);
        _standalone = new(limits, time);
        _lastTraffic = time.GetTimestamp();
        _disposal = new(EndAsync);
        Completion = PumpAsync();
    }

    public string Id { get; }

    /// <summary>The configuration the session was opened with; it keeps it to its end.</summary>
    public ServerConfig Server { get; }

    /// <summary>Completes when no more messages come, for whatever reason.</summary>
    public Task Completion { get; }

    /// <summary>How long nobody has used the session; zero while a request waits or a GET stream is open.</summary>
    public TimeSpan Idle => _pending.IsAnyAwaited || _standalone.IsAttached ? TimeSpan.Zero : _time.GetElapsedTime(Volatile.Read(ref _lastTraffic));

    /// <summary>A POST: the answer when the first message is the answer, a stream when others come before it, 202 for what needs none.</summary>
    public async ValueTask<BridgeAnswer> PostAsync(McpMessage message, CancellationToken cancellationToken)
    {
        Touch();
        if (message.Kind != McpKind.Request)
        {
            return await TellAsync(message, cancellationToken);
        }

        if (MessageKey.From(message.Id) is not { } id)
        {
            return new BridgeFault(400, "The request has no id.").ToAnswer();
        }

        var exchange = new Exchange(_limits, _time);
        if (_pending.Add(id, MessageKey.From(message.ProgressToken), exchange) is { } refused)
        {
            return refused.ToAnswer();
        }

        if (message.Method == "initialize")
        {
            _opening = id;
        }

        var isSent = false;
        try
        {
            if (await _link.SendAsync(message.Raw, CancellationToken.None) is { } fault)
            {
                return fault.ToAnswer();
            }

            isSent = true;
        }
        finally
        {
            if (!isSent)
            {
                _pending.Remove(id);
            }
        }

        return await AnswerAsync(exchange, cancellationToken);
    }

    /// <summary>A GET: the session's own stream.</summary>
    public BridgeAnswer Get(string? lastEventId)
    {
        Touch();
        return new(200, null, "text/event-stream", _standalone.Open(lastEventId, Touch), null);
    }

    public async ValueTask DisposeAsync()
    {
        await _disposal.Value;
        _ending.Dispose();
    }

    private async ValueTask<BridgeAnswer> TellAsync(McpMessage message, CancellationToken cancellationToken)
    {
        if (await _link.SendAsync(message.Raw, cancellationToken) is { } unsent)
        {
            return unsent.ToAnswer();
        }

        // A cancelled request gets no answer (2025-11-25, Cancellation): waiting for one would hold its place for ever.
        if (message.Method == "notifications/cancelled" && MessageKey.From(message.CancelledRequestId) is { } cancelled)
        {
            _pending.Remove(cancelled)?.Fail(new(502, "The client cancelled the call."));
        }

        return new(202, null, null, null, null);
    }

    private async ValueTask<BridgeAnswer> AnswerAsync(Exchange exchange, CancellationToken cancellationToken)
    {
        var handedOver = false;
        try
        {
            var (first, fault) = await exchange.TakeAsync(Server.ResponseTimeout, cancellationToken);
            if (fault is not null)
            {
                return fault.ToAnswer();
            }

            if (first.IsFinal)
            {
                return new(200, null, "application/json", new MemoryStream(first.Message.ToArray(), writable: false), null);
            }

            handedOver = true;
            return new(200, null, "text/event-stream", exchange.ToBody(first, Server.IdleTimeout, () => Leave(exchange)), null);
        }
        finally
        {
            // Hanging up is no cancellation in the legacy era (2025-11-25, Transports): the upstream goes on, and its answer is consumed.
            if (!handedOver)
            {
                Leave(exchange);
            }
        }
    }

    private void Leave(Exchange exchange)
    {
        exchange.Abandon();
        Touch();
    }

    [SuppressMessage("Design", "CA1031", Justification = "The edge of a loop: whatever ends it, those who wait are told.")]
    private async Task PumpAsync()
    {
        await Task.Yield();
        var end = new BridgeFault(502, "The connection to the server ended by an error of the gateway.");
        try
        {
            while (!_isRefused && await _link.ReadAsync(_ending.Token) is { } line)
            {
                await RouteSafelyAsync(line);
            }

            end = _isRefused ? new(404, "The server refused the session.") : _link.End;
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            end = new(404, "The session was ended.");
        }
        catch (Exception error)
        {
            _telemetry.EndedByError(Server.Name, error);
        }

        _pending.FailAll(end);
        _standalone.Close();
        _telemetry.SessionEnded(Server.Name, end.Reason);
    }

    [SuppressMessage("Design", "CA1031", Justification = "One message must not end the session for all others.")]
    private async ValueTask RouteSafelyAsync(ReadOnlyMemory<byte> line)
    {
        try
        {
            await RouteAsync(line);
        }
        catch (Exception error) when (!_ending.IsCancellationRequested)
        {
            _telemetry.Broke(Server.Name, line.Length, error);
        }
    }

    private async ValueTask RouteAsync(ReadOnlyMemory<byte> line)
    {
        if (!McpReader.IsBatch(line.Span))
        {
            await RouteAsync(McpReader.Read(line, _limits.Messages), line.Length);
            return;
        }

        // 2025-03-26 lets servers answer with arrays, too; on HTTP each message goes its own way.
        var batch = McpReader.ReadBatch(line, _limits.Messages, _limits.MaxPending);
        if (batch.Fault is { } fault)
        {
            _telemetry.Unreadable(Server.Name, line.Length, fault.Unquoted);
        }

        foreach (var read in batch.Messages)
        {
            await RouteAsync(read, line.Length);
        }
    }

    private async ValueTask RouteAsync(McpRead read, int length)
    {
        if (!read.IsRead)
        {
            // An answer that cannot be read is still the answer to a request: whoever waits is told at once.
            _telemetry.Unreadable(Server.Name, length, read.Fault!.Unquoted);
            if (MessageKey.From(read.Fault.Id) is { } unreadable)
            {
                _pending.Remove(unreadable)?.Fail(new(502, $"The server's answer is no valid MCP message. {read.Fault.Unquoted}"));
            }

            return;
        }

        var message = read.Message;
        if (message.Kind != McpKind.Response)
        {
            await RelayAsync(message);
        }
        else if (MessageKey.From(message.Id) is { } id && _pending.Remove(id) is { } answered)
        {
            Touch();
            await answered.OfferAsync(message.Raw, isFinal: true, _limits.StallTimeout, _ending.Token);

            if (id == _opening)
            {
                // In a stream the refusal comes when the client has the session's id already. A later request may have the same id.
                (_isRefused, _opening) = (message.Result.IsEmpty, null);
            }
        }
        else
        {
            _telemetry.AnswersNobody(Server.Name);
        }
    }

    private async ValueTask RelayAsync(McpMessage message)
    {
        if (_pending.OwnerOf(message, _standalone.IsAttached) is not { } owner)
        {
            var lost = _standalone.Add(message.Raw);
            if (lost > 0)
            {
                _telemetry.Unread(Server.Name, lost);
            }
        }
        else if (!await owner.OfferAsync(message.Raw, isFinal: false, _limits.StallTimeout, _ending.Token))
        {
            _telemetry.Stalled(Server.Name);
        }
    }

    private void Touch() => Volatile.Write(ref _lastTraffic, _time.GetTimestamp());

    private async Task EndAsync()
    {
        await _ending.CancelAsync();
        await Completion;
        await _link.DisposeAsync();
    }
}
