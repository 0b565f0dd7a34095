using System.Collections.Concurrent;
using System.Security.Cryptography;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>The legacy sessions of one kind of upstream: opened by <c>initialize</c>, found by their id, ended by DELETE, by idleness, or by their upstream.</summary>
internal sealed class BridgeSessions : IAsyncDisposable
{
    private readonly Func<BridgeRequest, CancellationToken, ValueTask<OpenedLink>> _open;
    private readonly Func<ServerConfig, ServerConfig, bool> _isReachedAlike;
    private readonly Func<ServerConfig, TimeSpan> _idleAfter;
    private readonly BridgeLimits _limits;
    private readonly BridgeTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, BridgeSession> _sessions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<BridgeSession, string> _ending = new();
    private readonly ITimer _sweep;
    private volatile IReadOnlyDictionary<string, ServerConfig>? _expected;
    private volatile bool _closed;

    /// <param name="open">Makes a link of its own for one session.</param>
    /// <param name="isReachedAlike">Whether two configurations of a server reach it in the same way, so that a session stays.</param>
    /// <param name="idleAfter">How long a session of a server may go unused.</param>
    /// <param name="limits">Bounds of each session.</param>
    /// <param name="telemetry">Where sessions are told of.</param>
    /// <param name="time">The clock of idleness.</param>
    public BridgeSessions(
        Func<BridgeRequest, CancellationToken, ValueTask<OpenedLink>> open,
        Func<ServerConfig, ServerConfig, bool> isReachedAlike,
        Func<ServerConfig, TimeSpan> idleAfter,
        BridgeLimits limits,
        BridgeTelemetry telemetry,
        TimeProvider time)
    {
        _open = open;
        _isReachedAlike = isReachedAlike;
        _idleAfter = idleAfter;
        _limits = limits;
        _telemetry = telemetry;
        _time = time;
        _sweep = time.CreateTimer(_ => EndIdle(), null, limits.SweepInterval, limits.SweepInterval);
    }

    /// <summary>Sessions that can be used.</summary>
    public int Count => _sessions.Count;

    public async ValueTask<BridgeAnswer> ExchangeAsync(BridgeRequest request, CancellationToken cancellationToken)
    {
        if (request is { HttpMethod: "POST", Message: { Kind: McpKind.Request, Method: "initialize" } initialize })
        {
            return await OpenAsync(request, initialize, cancellationToken);
        }

        if (request.UpstreamSession is not { } id)
        {
            return new BridgeFault(400, "There is no session. Send initialize first, then its Mcp-Session-Id with every request.").ToAnswer();
        }

        if (!_sessions.TryGetValue(id, out var session) || session.Server.Name != request.Server.Name)
        {
            return new BridgeFault(404, "The session has ended. Send initialize to start a new one.").ToAnswer();
        }

        switch (request.HttpMethod)
        {
            case "POST" when request.Message is { } message:
                return await session.PostAsync(message, cancellationToken);
            case "GET":
                return session.Get(request.LastEventId);
            case "DELETE":
                Retire(session);
                return new(200, null, null, null, null);
            default:
                return new BridgeFault(405, "Only POST, GET and DELETE are answered.").ToAnswer();
        }
    }

    /// <summary>Says which servers a configuration names that is about to be in force: from then on nothing is begun with one that it takes away or reaches differently.</summary>
    public void Expect(IReadOnlyDictionary<string, ServerConfig> servers) => _expected = servers;

    /// <summary>Whether the configuration in force, or about to be, took a server away or reaches it differently.</summary>
    public bool IsReplaced(ServerConfig server) => _expected is { } expected && !(expected.TryGetValue(server.Name, out var now) && _isReachedAlike(now, server));

    /// <summary>Ends the sessions of servers that a reload took away or reaches differently now.</summary>
    public void Reload(IReadOnlyDictionary<string, ServerConfig> servers)
    {
        Expect(servers);
        EndWhere(IsReplaced);
    }

    public async ValueTask DisposeAsync()
    {
        _closed = true;
        await _sweep.DisposeAsync();
        EndWhere(_ => true);
        await Task.WhenAll(_ending.Keys.Select(session => session.DisposeAsync().AsTask()));
    }

    private void EndWhere(Func<ServerConfig, bool> condition)
    {
        foreach (var session in _sessions.Values.Where(session => condition(session.Server)))
        {
            Retire(session);
        }
    }

    private async ValueTask<BridgeAnswer> OpenAsync(BridgeRequest request, McpMessage initialize, CancellationToken cancellationToken)
    {
        var server = request.Server;
        var (link, fault) = await _open(request, cancellationToken);
        if (link is null)
        {
            return fault!.ToAnswer();
        }

        var session = new BridgeSession(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), server, link, _limits, _telemetry, _time);
        _sessions[session.Id] = session;
        _telemetry.SessionOpened(server.Name);
        _ = session.Completion.ContinueWith(_ => Retire(session), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        var isOpen = false;
        try
        {
            // A reload that went by while the link was made has not seen this session.
            if (IsReplaced(server))
            {
                return BridgeFault.Replaced.ToAnswer();
            }

            var answer = await session.PostAsync(initialize, cancellationToken);
            isOpen = !_closed && answer.Fault is null && !IsError(answer);
            return isOpen ? answer with { UpstreamSession = session.Id } : answer;
        }
        finally
        {
            // Nobody knows the id of a session that was refused, or whose client hung up before it was told.
            if (!isOpen)
            {
                Retire(session);
            }
        }
    }

    private bool IsError(BridgeAnswer answer)
    {
        if (answer is not { ContentType: "application/json", Body: MemoryStream body })
        {
            return false;
        }

        var read = McpReader.Read(body.ToArray(), _limits.Messages);
        return read.IsRead && read.Message.Result.IsEmpty;
    }

    private void EndIdle()
    {
        foreach (var session in _sessions.Values.Where(session => session.Idle >= _idleAfter(session.Server)))
        {
            Retire(session);
        }
    }

    private void Retire(BridgeSession session)
    {
        if (_sessions.TryRemove(session.Id, out _))
        {
            _ending[session] = session.Id;
            _ = FinishAsync(session);
        }
    }

    private async Task FinishAsync(BridgeSession session)
    {
        await Task.Yield();
        await session.DisposeAsync();
        _ending.TryRemove(session, out _);
    }
}
