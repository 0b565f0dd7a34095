using System.Diagnostics.CodeAnalysis;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>
/// One process of a modern, stateless server that serves all callers. Their ids may be alike, so each request's id and progress token are replaced by one
/// of ours on the way down and put back on the way up. A message that cannot be told to belong to one caller goes to none: sharing must not leak.
/// </summary>
internal sealed class SharedProcess : IAsyncDisposable
{
    private readonly string _server;
    private readonly IMessageLink _link;
    private readonly BridgeLimits _limits;
    private readonly BridgeTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly SharedCalls _calls;
    private readonly CancellationTokenSource _ending = new();
    private readonly Lazy<Task> _disposal;

    public SharedProcess(string server, IMessageLink link, BridgeLimits limits, BridgeTelemetry telemetry, TimeProvider time)
    {
        _server = server;
        _link = link;
        _limits = limits;
        _telemetry = telemetry;
        _time = time;
        _calls = new(limits.MaxPendingShared, time);
        _disposal = new(EndAsync);
        Completion = PumpAsync();
    }

    /// <summary>Completes when no more messages come, for whatever reason.</summary>
    public Task Completion { get; }

    /// <summary>How long nobody has used the process; zero while a request waits.</summary>
    public TimeSpan Idle => _calls.Idle;

    /// <summary>Passes one request on and gives its answer, or the stream of it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="server">How long it may take.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="cancellationToken">Fires when the caller has hung up.</param>
    public async ValueTask<BridgeAnswer> PostAsync(McpMessage request, ServerConfig server, Principal caller, CancellationToken cancellationToken)
    {
        var call = new SharedCall(caller, new(_limits, _time), Kept(request.Id!.Value), request.ProgressToken is { } token ? Kept(token) : null);
        if (_calls.Add(call, out var id) is { } refused)
        {
            return refused.ToAnswer();
        }

        var ours = Encoding.ASCII.GetBytes($"\"{id}\"");
        var handedOver = false;
        try
        {
            if (await _link.SendAsync(JsonSplice.Replace(request.Raw, (request.Id, ours), (request.ProgressToken, ours)), CancellationToken.None) is { } unsent)
            {
                _calls.Remove(id);
                return unsent.ToAnswer();
            }

            var (first, fault) = await call.Exchange.TakeAsync(server.ResponseTimeout, cancellationToken);
            if (fault is not null)
            {
                return fault.ToAnswer();
            }

            if (first.IsFinal)
            {
                return new(StatusOf(first.Message), null, "application/json", new MemoryStream(first.Message.ToArray(), writable: false), null);
            }

            handedOver = true;

            // A subscription is silent for as long as nothing changes.
            var patience = request.Method == "subscriptions/listen" ? TimeSpan.Zero : server.IdleTimeout;
            return new(200, null, "text/event-stream", call.Exchange.ToBody(first, patience, () => _ = LeaveAsync(id)), null);
        }
        finally
        {
            if (!handedOver)
            {
                await LeaveAsync(id);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposal.Value;
        _ending.Dispose();
    }

    /// <summary>Requests lie in buffers that go back when their caller is gone; a late answer must not be given what came after.</summary>
    private static RawJson Kept(RawJson value) => RawJson.FromTrusted(value.Utf8.ToArray());

    /// <summary>The statuses that 2026-07-28 gives to errors over HTTP, which a server on stdio has no way to say.</summary>
    private int StatusOf(ReadOnlyMemory<byte> answer) => McpReader.Read(answer, _limits.Messages).Message.ErrorCode switch
    {
        McpErrors.MethodNotFound => 404,
        McpErrors.HeaderMismatch or McpErrors.MissingClientCapability or McpErrors.UnsupportedProtocolVersion => 400,
        _ => 200,
    };

    /// <summary>Hanging up cancels in the modern era (2026-07-28, Transports); on stdio that is a notification.</summary>
    private async Task LeaveAsync(string id)
    {
        if (_calls.Remove(id) is not { } call)
        {
            return;
        }

        call.Exchange.Abandon();
        await _link.SendAsync(
            Encoding.ASCII.GetBytes($$$"""{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"{{{id}}}","reason":"The client hung up."}}"""),
            CancellationToken.None);
    }

    [SuppressMessage("Design", "CA1031", Justification = "The edge of a loop: whatever ends it, those who wait are told.")]
    private async Task PumpAsync()
    {
        await Task.Yield();
        var end = new BridgeFault(502, "The connection to the server ended by an error of the gateway.");
        try
        {
            while (await _link.ReadAsync(_ending.Token) is { } line)
            {
                await RouteSafelyAsync(line);
            }

            end = _link.End;
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            end = new(503, "The server's process is being ended. Try again.");
        }
        catch (Exception error)
        {
            _telemetry.EndedByError(_server, error);
        }

        _calls.FailAll(end);
    }

    [SuppressMessage("Design", "CA1031", Justification = "One caller's message must not end the process for all others.")]
    private async ValueTask RouteSafelyAsync(ReadOnlyMemory<byte> line)
    {
        try
        {
            await RouteAsync(line);
        }
        catch (Exception error) when (!_ending.IsCancellationRequested)
        {
            _telemetry.Broke(_server, line.Length, error);
        }
    }

    private async ValueTask RouteAsync(ReadOnlyMemory<byte> line)
    {
        var read = McpReader.Read(line, _limits.Messages);
        if (!read.IsRead)
        {
            _telemetry.Unreadable(_server, line.Length, read.Fault!.Unquoted);
            _calls.Remove(read.Fault.Id)?.Exchange.Fail(new(502, $"The server's answer is no valid MCP message. {read.Fault.Unquoted}"));
            return;
        }

        var message = read.Message;
        if (message.Kind == McpKind.Response)
        {
            if (_calls.Remove(message.Id) is { } answered)
            {
                await OfferAsync(answered, message, isFinal: true);
            }
            else
            {
                _telemetry.AnswersNobody(_server);
            }
        }
        else if (message.Kind == McpKind.Notification && (_calls.Find(message.SubscriptionId) ?? _calls.Find(message.ProgressToken)) is { } call)
        {
            await OfferAsync(call, message, isFinal: false);
        }
        else
        {
            _telemetry.Unattributable(_server, message.Kind == McpKind.Request ? "a request, which its era does not know" : "a notification");
        }
    }

    /// <summary>A caller that does not read loses its answer at once: others wait behind it.</summary>
    private async ValueTask OfferAsync(SharedCall call, McpMessage message, bool isFinal)
    {
        var restored = JsonSplice.Replace(
            message.Raw,
            (isFinal ? message.Id : null, call.Id.Utf8),
            (message.SubscriptionId, call.Id.Utf8),
            (isFinal || call.Token is null ? null : message.ProgressToken, (call.Token ?? call.Id).Utf8));
        if (!await call.Exchange.OfferAsync(restored, isFinal, TimeSpan.Zero, _ending.Token))
        {
            _telemetry.Stalled(_server);
        }
    }

    private async Task EndAsync()
    {
        await _ending.CancelAsync();
        await Completion;
        await _link.DisposeAsync();
    }
}
