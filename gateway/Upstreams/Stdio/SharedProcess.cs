using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>
/// One process of a modern, stateless server that serves all callers. Their ids may be alike, so each request's id and progress token are replaced by one
/// of ours on the way down and put back on the way up. A message that cannot be told to belong to one caller goes to none: sharing must not leak.
/// </summary>
internal sealed class SharedProcess : IAsyncDisposable
{
    private readonly IMessageLink _link;
    private readonly BridgeLimits _limits;
    private readonly BridgeTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lazy<Task> _disposal;

    // Not to be guessed: a caller cannot name another's request in parts of a message that are passed on as they are.
    private readonly string _prefix = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private BridgeFault? _end;
    private long _last;
    private long _lastTraffic;

    public SharedProcess(ServerConfig server, IMessageLink link, BridgeLimits limits, BridgeTelemetry telemetry, TimeProvider time)
    {
        Server = server;
        _link = link;
        _limits = limits;
        _telemetry = telemetry;
        _time = time;
        _lastTraffic = time.GetTimestamp();
        _disposal = new(EndAsync);
        Completion = PumpAsync();
    }

    public ServerConfig Server { get; }

    /// <summary>Completes when no more messages come, for whatever reason.</summary>
    public Task Completion { get; }

    /// <summary>How long nobody has used the process; zero while a request waits.</summary>
    public TimeSpan Idle
    {
        get
        {
            lock (_lock)
            {
                return _calls.Count > 0 ? TimeSpan.Zero : _time.GetElapsedTime(_lastTraffic);
            }
        }
    }

    /// <summary>Passes one request on and gives its answer, or the stream of it.</summary>
    public async ValueTask<BridgeAnswer> PostAsync(McpMessage request, CancellationToken cancellationToken)
    {
        var call = new Call(new(_limits, _time), request.Id!.Value, request.ProgressToken);
        if (Add(call) is not { } id)
        {
            return (_end ?? new(429, $"{_limits.MaxPendingShared} requests wait for this server already. Try again later.")).ToAnswer();
        }

        var ours = Encoding.ASCII.GetBytes($"\"{id}\"");
        var handedOver = false;
        try
        {
            if (await _link.SendAsync(Replace(request.Raw, (request.Id, ours), (request.ProgressToken, ours)), CancellationToken.None) is { } unsent)
            {
                Remove(id);
                return unsent.ToAnswer();
            }

            var (first, fault) = await call.Exchange.TakeAsync(Server.ResponseTimeout, cancellationToken);
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
            var patience = request.Method == "subscriptions/listen" ? TimeSpan.Zero : Server.IdleTimeout;
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

    /// <summary>Puts other values in the place of some that the reader found in <paramref name="raw"/>; every other byte stays.</summary>
    internal static ReadOnlyMemory<byte> Replace(ReadOnlyMemory<byte> raw, params ReadOnlySpan<(RawJson? Found, byte[] By)> places)
    {
        var cuts = new List<(int Start, int Length, byte[] By)>(places.Length);
        foreach (var (found, by) in places)
        {
            if (found is { } value && raw.Span.Overlaps(value.Utf8.Span, out var start))
            {
                cuts.Add((start, value.Utf8.Length, by));
            }
        }

        cuts.Sort((one, other) => one.Start.CompareTo(other.Start));
        var result = new byte[raw.Length + cuts.Sum(cut => cut.By.Length - cut.Length)];
        var (from, to) = (0, 0);
        foreach (var (start, length, by) in cuts)
        {
            raw.Span[from..start].CopyTo(result.AsSpan(to));
            to += start - from;
            by.CopyTo(result.AsSpan(to));
            to += by.Length;
            from = start + length;
        }

        raw.Span[from..].CopyTo(result.AsSpan(to));
        return result;
    }

    /// <summary>The statuses that 2026-07-28 gives to errors over HTTP, which a server on stdio has no way to say.</summary>
    private int StatusOf(ReadOnlyMemory<byte> answer) => McpReader.Read(answer, _limits.Messages).Message.ErrorCode switch
    {
        McpErrors.MethodNotFound => 404,
        McpErrors.HeaderMismatch or McpErrors.MissingClientCapability or McpErrors.UnsupportedProtocolVersion => 400,
        _ => 200,
    };

    private string? Add(Call call)
    {
        lock (_lock)
        {
            _lastTraffic = _time.GetTimestamp();
            if (_end is not null || _calls.Count >= _limits.MaxPendingShared)
            {
                return null;
            }

            var id = string.Create(CultureInfo.InvariantCulture, $"{_prefix}-{++_last}");
            _calls.Add(id, call);
            return id;
        }
    }

    private Call? Remove(string id)
    {
        lock (_lock)
        {
            _lastTraffic = _time.GetTimestamp();
            return _calls.Remove(id, out var call) ? call : null;
        }
    }

    private Call? Find(RawJson? named)
    {
        lock (_lock)
        {
            return MessageKey.From(named) is { IsText: true } key ? _calls.GetValueOrDefault(key.Value) : null;
        }
    }

    /// <summary>Hanging up cancels in the modern era (2026-07-28, Transports); on stdio that is a notification.</summary>
    private async Task LeaveAsync(string id)
    {
        if (Remove(id) is not { } call)
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
                await RouteAsync(line);
            }

            end = _link.End;
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            end = new(503, "The server's process is being ended. Try again.");
        }
        catch (Exception error)
        {
            _telemetry.EndedByError(Server.Name, error);
        }

        List<Call> waiting;
        lock (_lock)
        {
            _end = end;
            waiting = [.. _calls.Values];
            _calls.Clear();
        }

        foreach (var call in waiting)
        {
            call.Exchange.Fail(end);
        }
    }

    private async ValueTask RouteAsync(ReadOnlyMemory<byte> line)
    {
        var read = McpReader.Read(line, _limits.Messages);
        if (!read.IsRead)
        {
            _telemetry.Unreadable(Server.Name, line.Length, read.Fault!.Message);
            if (MessageKey.From(read.Fault.Id) is { } key)
            {
                Remove(key.Value)?.Exchange.Fail(new(502, $"The server's answer is no valid MCP message. {read.Fault.Message}"));
            }

            return;
        }

        var message = read.Message;
        if (message.Kind == McpKind.Response)
        {
            if (MessageKey.From(message.Id) is { IsText: true } key && Remove(key.Value) is { } answered)
            {
                await OfferAsync(answered, message, isFinal: true);
            }
            else
            {
                _telemetry.AnswersNobody(Server.Name);
            }
        }
        else if (message.Kind == McpKind.Notification && (Find(message.SubscriptionId) ?? Find(message.ProgressToken)) is { } call)
        {
            await OfferAsync(call, message, isFinal: false);
        }
        else
        {
            _telemetry.Unattributable(Server.Name, message.Kind == McpKind.Request ? "a request, which its era does not know" : "a notification");
        }
    }

    /// <summary>A caller that does not read loses its answer at once: others wait behind it.</summary>
    private async ValueTask OfferAsync(Call call, McpMessage message, bool isFinal)
    {
        var restored = Replace(
            message.Raw,
            (message.Kind == McpKind.Response ? message.Id : null, Bytes(call.Id)),
            (message.SubscriptionId, Bytes(call.Id)),
            (call.Token is null || isFinal ? null : message.ProgressToken, Bytes(call.Token ?? call.Id)));
        if (!await call.Exchange.OfferAsync(restored, isFinal, TimeSpan.Zero, _ending.Token))
        {
            _telemetry.Stalled(Server.Name);
        }
    }

    private static byte[] Bytes(RawJson value) => MemoryMarshal.TryGetArray(value.Utf8, out var whole) && whole.Count == whole.Array!.Length ? whole.Array : value.Utf8.ToArray();

    private async Task EndAsync()
    {
        await _ending.CancelAsync();
        await Completion;
        await _link.DisposeAsync();
    }

    private sealed record Call(Exchange Exchange, RawJson Id, RawJson? Token);
}
