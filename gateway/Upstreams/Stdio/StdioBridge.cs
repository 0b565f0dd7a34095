using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>Stdio servers behind the gateway: a process of its own for each legacy session, one for all callers of a modern server, bounded and supervised.</summary>
internal sealed class StdioBridge : IBridge, IAsyncDisposable
{
    private readonly ChildSupervision _supervision;
    private readonly BridgeLimits _limits;
    private readonly BridgeTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly BridgeSessions _sessions;
    private readonly ConcurrentDictionary<string, SharedServer> _shared = new(StringComparer.Ordinal);
    private readonly SharedPlaces _processes = new();
    private readonly ITimer _sweep;

    public StdioBridge(ChildSupervision supervision, BridgeLimits limits, BridgeTelemetry telemetry, TimeProvider time)
    {
        _supervision = supervision;
        _limits = limits;
        _telemetry = telemetry;
        _time = time;
        _sessions = new((request, _) => new(Open(request.Server, request.Caller)), IsStartedAlike, server => server.Stdio!.IdleTimeout, limits, telemetry, time);
        _sweep = time.CreateTimer(_ => EndIdle(), null, limits.SweepInterval, limits.SweepInterval);
    }

    /// <summary>Sessions of the legacy era that can be used.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>Processes that live, those that are being ended among them.</summary>
    public int ProcessCount => _processes.Count;

    public ValueTask<BridgeAnswer> ExchangeAsync(BridgeRequest request, CancellationToken cancellationToken) =>
        request.Era == McpEra.Modern ? ModernAsync(request, cancellationToken) : _sessions.ExchangeAsync(request, cancellationToken);

    /// <summary>Says which servers a configuration names that is about to be in force: from then on nothing is started as an earlier one had it.</summary>
    public void Expect(IReadOnlyDictionary<string, ServerConfig> servers) => _sessions.Expect(servers);

    public void Reload(IReadOnlyDictionary<string, ServerConfig> servers)
    {
        _sessions.Reload(servers);
        foreach (var shared in _shared.Values)
        {
            if (_sessions.IsReplaced(shared.Server))
            {
                Retire(shared);
            }
            else
            {
                shared.Server = servers[shared.Server.Name];
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _sweep.DisposeAsync();
        await Task.WhenAll([_sessions.DisposeAsync().AsTask(), .. _shared.Values.Select(shared => shared.DisposeAsync().AsTask())]);
    }

    private async ValueTask<BridgeAnswer> ModernAsync(BridgeRequest request, CancellationToken cancellationToken)
    {
        if (request.HttpMethod != "POST" || request.Message is not { } message)
        {
            return new BridgeFault(405, "The modern era knows only POST.").ToAnswer();
        }

        if (message.Kind != McpKind.Request)
        {
            // The core defines no notification for HTTP, and what clients may cancel they cancel by hanging up.
            return message.Kind == McpKind.Notification ? new(202, null, null, null, "A process that callers share is told of no notification: in this era clients cancel by hanging up.") : new BridgeFault(400, "The modern era knows no responses of clients.").ToAnswer();
        }

        // A call keeps the configuration it came under; around a reload the process of the next one is none of its, and not to be ended for it.
        return _sessions.IsReplaced(request.Server) ? BridgeFault.Replaced.ToAnswer() : await SharedOf(request.Server).PostAsync(message, request.Protocol, request.Caller, cancellationToken);
    }

    private static bool IsStartedAlike(ServerConfig now, ServerConfig server) => now.Stdio is { } stdio && stdio.StartsLike(server.Stdio!);

    private SharedServer SharedOf(ServerConfig server)
    {
        while (true)
        {
            var shared = _shared.GetOrAdd(server.Name, static (_, made) => new(made.server, one => made.bridge.Open(one, caller: null), made.bridge._limits, made.bridge._telemetry, made.bridge._supervision.Telemetry, made.bridge._time), (server, bridge: this));
            if (shared.Server.Stdio!.StartsLike(server.Stdio!))
            {
                return shared;
            }

            Retire(shared);
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The link ends the child, and whoever opened the link ends the link.")]
    private OpenedLink Open(ServerConfig server, Principal? caller)
    {
        if (_sessions.IsReplaced(server))
        {
            return new(null, BridgeFault.Replaced);
        }

        var stdio = server.Stdio!;
        var most = stdio.MaxProcesses;
        switch (_processes.Take(server.Name, most, caller))
        {
            case Placing.Full:
                return new(null, new(503, $"Server \"{server.Name}\" has {most} processes, as many as its maxProcesses allows. End a session, wait for an idle one to end, or raise maxProcesses."));
            case Placing.ShareTaken:
                return new(null, new(503, $"You have {SharedPlaces.ShareOf(most)} processes of server \"{server.Name}\", half of its maxProcesses and as many as one caller may have. End a session, wait for an idle one to end, or raise maxProcesses."));
        }

        var child = ChildProcess.Start(server.Name, stdio, _supervision, out var fault);
        if (child is null)
        {
            _processes.Release(server.Name, caller);
            return new(null, fault);
        }

        return new(new ChildLink(child, () => _processes.Release(server.Name, caller), _limits, _time), null);
    }

    private void EndIdle()
    {
        foreach (var shared in _shared.Values.Where(shared => shared.Idle >= shared.Server.Stdio!.IdleTimeout))
        {
            Retire(shared);
        }
    }

    private void Retire(SharedServer shared)
    {
        if (_shared.TryRemove(new(shared.Server.Name, shared)))
        {
            _ = shared.DisposeAsync().AsTask();
        }
    }
}

file static class Starts
{
    /// <summary>True when both start the same program the same way.</summary>
    public static bool StartsLike(this StdioConfig one, StdioConfig other) =>
        one.Command == other.Command && one.WorkingDirectory == other.WorkingDirectory
        && one.Arguments.SequenceEqual(other.Arguments, StringComparer.Ordinal) && one.Environment.SequenceEqual(other.Environment);
}
