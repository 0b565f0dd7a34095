using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Host.Doors;

/// <summary>
/// Standard streams on one side, the gateway on the other, for clients that only speak stdio. It adds no meaning: bytes go out as they came in,
/// answers and streamed messages come back as lines. Whoever reads the lines never waits for an answer: the client's own answers and cancellations,
/// which calls may wait for, are later lines.
/// </summary>
[SuppressMessage("Design", "CA1001:Types that own disposable fields should be disposable", Justification = "A semaphore without a handle; the connection lives as long as the process.")]
internal sealed class StdioConnection
{
    private const int LongestLine = 32 * 1024 * 1024;
    private const int MostAtOnce = 64;
    private const int MostWaiting = 1024;
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Haste = TimeSpan.FromSeconds(1);
    private static readonly McpLimits Limits = new();

    private readonly InputLines _input;
    private readonly MessageLines _lines;
    private readonly GatewayLink _link;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _inFlight = new(MostAtOnce, MostAtOnce);
    private readonly ConcurrentDictionary<string, PendingCall> _pending = new(StringComparer.Ordinal);
    private readonly List<Task> _calls = [];
    private readonly List<Task> _others = [];
    private Task _opening = Task.CompletedTask;
    private Task _notifications = Task.CompletedTask;
    private Task _events = Task.CompletedTask;

    public StdioConnection(HttpClient client, Uri endpoint, Stream input, Stream output, TimeProvider time)
    {
        _input = new(input, LongestLine);
        _lines = new(output);
        _link = new(client, endpoint, _lines, LongestLine, time);
        _time = time;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        try
        {
            // A console that is being read does not hear that it should stop.
            while (await _input.ReadAsync(cancellationToken).WaitAsync(cancellationToken) is { } line)
            {
                await AcceptAsync(line, ending.Token);
            }

            await Task.WhenAll([.. _calls, .. _others, _opening]).WaitAsync(Farewell, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        finally
        {
            await ending.CancelAsync();
            await _events.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _link.EndAsync(cancellationToken.IsCancellationRequested ? Haste : Farewell);
        }
    }

    private async Task AcceptAsync(InputLine line, CancellationToken ending)
    {
        if (line.IsTooLong)
        {
            await _lines.WriteAsync(McpErrors.Write(null, McpErrors.InvalidRequest, $"A line is longer than {LongestLine} bytes.", null), ending);
            return;
        }

        if (line.Bytes.IsEmpty)
        {
            return;
        }

        var read = McpReader.Read(line.Bytes, Limits);
        if (!read.IsRead)
        {
            await _lines.WriteAsync(read.Fault!.ToResponse(), ending);
            return;
        }

        var message = read.Message;
        if (message.Method is "initialize" or "notifications/initialized")
        {
            // What comes after it goes out after it: until then there is no session.
            _opening = OpenAsync(_opening, message, ending);
        }
        else if (message.Kind == McpKind.Request)
        {
            await BeginCallAsync(message, ending);
        }
        else if (message.Method != "notifications/cancelled" || !await TryCancelAsync(message))
        {
            await PassOnAsync(message, ending);
        }
    }

    private async Task OpenAsync(Task before, McpMessage message, CancellationToken ending)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _link.PostAsync(message, ending);
        if (message.Method == "notifications/initialized" && _link.HasSession && _events.IsCompleted)
        {
            _events = _link.FollowAsync(ending);
        }
    }

    private async Task BeginCallAsync(McpMessage message, CancellationToken ending)
    {
        _calls.RemoveAll(c => c.IsCompleted);
        if (_calls.Count >= MostAtOnce + MostWaiting)
        {
            await _lines.WriteAsync(McpErrors.Write(message.Id, McpErrors.InternalError, $"{_calls.Count} calls wait for their answers already; no more are taken.", null), ending);
            return;
        }

        _calls.Add(CallAsync(message, _opening, ending));
    }

    private async Task CallAsync(McpMessage message, Task opening, CancellationToken ending)
    {
        var id = message.Id!.Value.ToString();
        using var call = new PendingCall(ending);
        _pending[id] = call;
        try
        {
            await opening.WaitAsync(call.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _inFlight.WaitAsync(call.Token);
            try
            {
                if (call.TrySend())
                {
                    await _link.CallAsync(message, call);
                }
            }
            finally
            {
                _inFlight.Release();
            }
        }
        catch (OperationCanceledException) when (!ending.IsCancellationRequested)
        {
            // The client cancelled it and waits for nothing.
        }
        finally
        {
            _pending.TryRemove(new(id, call));
        }
    }

    /// <returns>Whether there is nobody whom the client's word has to reach.</returns>
    private async Task<bool> TryCancelAsync(McpMessage message)
    {
        if (message.CancelledRequestId is not { } id || !_pending.TryGetValue(id.ToString(), out var call))
        {
            return false;
        }

        // Over HTTP, closing the response is how a modern client cancels (2026-07-28, Cancellation).
        var isModern = message.MetaProtocolVersion is { } version && McpRevisions.IsModern(version);
        if (!call.TryWithdraw() && !isModern && _link.IsLegacy)
        {
            await call.DisclaimAsync();
            return false;
        }

        await call.CancelAsync();
        return true;
    }

    // Notifications keep their order. Responses wait for nothing but the session: somebody waits for each of them.
    private async Task PassOnAsync(McpMessage message, CancellationToken ending)
    {
        for (_others.RemoveAll(o => o.IsCompleted); _others.Count >= MostWaiting; _others.RemoveAll(o => o.IsCompleted))
        {
            await Task.WhenAny(_others).WaitAsync(ending);
        }

        var sent = PostAfterAsync(message.Kind == McpKind.Notification ? Task.WhenAll(_opening, _notifications) : _opening, message, ending);
        _others.Add(sent);
        _notifications = message.Kind == McpKind.Notification ? sent : _notifications;
    }

    private async Task PostAfterAsync(Task before, McpMessage message, CancellationToken ending)
    {
        await before.WaitAsync(ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _link.PostAsync(message, ending);
    }
}
