using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.LegacySse;

/// <summary>Servers that speak HTTP+SSE of 2024-11-05, offered as Streamable HTTP: a stream of its own for each session.</summary>
internal sealed class LegacySseBridge : IBridge, IAsyncDisposable
{
    private const int Attempts = 3;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan UnboundedIdle = TimeSpan.FromMinutes(30);
    private readonly HttpMessageInvoker _http;
    private readonly BridgeLimits _limits;
    private readonly TimeProvider _time;
    private readonly BridgeSessions _sessions;
    private readonly ConcurrentDictionary<ServerConfig, ServerEra> _eras = new(ReferenceEqualityComparer.Instance);
    private readonly SharedPlaces _streams = new();
    private int _turn;

    public LegacySseBridge(HttpMessageInvoker http, BridgeLimits limits, BridgeTelemetry telemetry, TimeProvider time)
    {
        _http = http;
        _limits = limits;
        _time = time;
        _sessions = new((request, token) => OpenAsync(request.Server, request.Caller, token), IsReachedAlike, server => server.IdleTimeout > TimeSpan.Zero ? server.IdleTimeout : UnboundedIdle, limits, telemetry, time);
    }

    /// <summary>Sessions that can be used.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>A client that goes where it is told and nowhere else: no redirects, no cookies, no proxy from the environment.</summary>
    [SuppressMessage("Reliability", "CA2000", Justification = "The invoker disposes its handler.")]
    public static HttpMessageInvoker CreateClient() => new(
        new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            ActivityHeadersPropagator = null,
        },
        disposeHandler: true);

    public ValueTask<BridgeAnswer> ExchangeAsync(BridgeRequest request, CancellationToken cancellationToken) =>
        request.Era == McpEra.Modern ? RefuseAsync(request, cancellationToken) : _sessions.ExchangeAsync(request, cancellationToken);

    /// <summary>Says which servers a configuration names that is about to be in force: from then on no session is opened with one that an earlier one reached elsewhere.</summary>
    public void Expect(IReadOnlyDictionary<string, ServerConfig> servers) => _sessions.Expect(servers);

    public void Reload(IReadOnlyDictionary<string, ServerConfig> servers)
    {
        _sessions.Reload(servers);
        _eras.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await _sessions.DisposeAsync();
        _http.Dispose();
    }

    // A session keeps the credentials that it began with, so one that began with others than there are now has to end.
    private static bool IsReachedAlike(ServerConfig now, ServerConfig server) =>
        now.Transport == server.Transport && now.Destinations.Values.ToHashSet().SetEquals(server.Destinations.Values) && now.Headers.SequenceEqual(server.Headers);

    /// <summary>The transport is older than the modern era; the client is told which versions there are.</summary>
    private async ValueTask<BridgeAnswer> RefuseAsync(BridgeRequest request, CancellationToken cancellationToken)
    {
        if (request.HttpMethod != "POST")
        {
            return new BridgeFault(405, "The modern era knows only POST.").ToAnswer();
        }

        if (!_eras.TryGetValue(request.Server, out var era))
        {
            var (link, fault) = await OpenAsync(request.Server, request.Caller, cancellationToken);
            if (link is null)
            {
                return fault!.ToAnswer();
            }

            await using (link)
            {
                era = await ServerEra.AskAsync(link, _limits.ProbeTimeout, _time, discover: false, cancellationToken);
            }

            if (era is null)
            {
                return new BridgeFault(504, $"The server did not answer initialize within {_limits.ProbeTimeout.TotalSeconds:0.#} s.").ToAnswer();
            }

            _eras[request.Server] = era;
        }

        return era.Refuse(request.Message?.Id, request.Protocol);
    }

    private async ValueTask<OpenedLink> OpenAsync(ServerConfig server, Principal caller, CancellationToken cancellationToken)
    {
        if (_sessions.IsReplaced(server))
        {
            return new(null, BridgeFault.Replaced);
        }

        if (server.Destinations.IsEmpty)
        {
            return new(null, new(502, $"Server \"{server.Name}\" has no address."));
        }

        switch (_streams.Take(server.Name, _limits.MaxStreams, caller))
        {
            case Placing.Full:
                return new(null, new(503, $"Server \"{server.Name}\" has {_limits.MaxStreams} open sessions. End a session, or wait for an idle one to end."));
            case Placing.ShareTaken:
                return new(null, new(503, $"You have {SharedPlaces.ShareOf(_limits.MaxStreams)} open sessions with server \"{server.Name}\", as many as one caller may have. End a session, or wait for an idle one to end."));
        }

        OpenedLink opened = default;
        try
        {
            // A stream cannot be taken up again in this revision, so only its opening is tried more than once: nothing was sent yet.
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                if (attempt > 0)
                {
                    await Task.Delay(FirstPause * attempt, _time, cancellationToken);
                }

                var turn = (uint)Interlocked.Increment(ref _turn) % (uint)server.Destinations.Count;
                opened = await SseLink.OpenAsync(_http, server, server.Destinations.Values.ElementAt((int)turn), _limits, _time, () => _streams.Release(server.Name, caller), cancellationToken);
                if (opened.Fault is not { Status: SseLink.Unreachable })
                {
                    return opened;
                }
            }

            return opened;
        }
        finally
        {
            if (opened.Link is null)
            {
                _streams.Release(server.Name, caller);
            }
        }
    }
}
