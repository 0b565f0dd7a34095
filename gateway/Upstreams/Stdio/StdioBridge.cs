using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
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
    private readonly Dictionary<string, int> _processes = new(StringComparer.Ordinal);
    private readonly ITimer _sweep;
    private volatile IReadOnlyDictionary<string, ServerConfig>? _expected;

    public StdioBridge(ChildSupervision supervision, BridgeLimits limits, BridgeTelemetry telemetry, TimeProvider time)
    {
        _supervision = supervision;
        _limits = limits;
        _telemetry = telemetry;
        _time = time;
        _sessions = new((server, _) => new(Open(server)), server => server.Stdio!.IdleTimeout, limits, telemetry, time);
        _sweep = time.CreateTimer(_ => EndIdle(), null, limits.SweepInterval, limits.SweepInterval);
    }

    /// <summary>Sessions of the legacy era that can be used.</summary>
    public int SessionCount => _sessions.Count;

    /// <summary>Processes that live, those that are being ended among them.</summary>
    public int ProcessCount
    {
        get
        {
            lock (_processes)
            {
                return _processes.Values.Sum();
            }
        }
    }

    public ValueTask<BridgeAnswer> ExchangeAsync(BridgeRequest request, CancellationToken cancellationToken) =>
        request.Era == McpEra.Modern ? ModernAsync(request, cancellationToken) : _sessions.ExchangeAsync(request, cancellationToken);

    /// <summary>Says which servers a configuration names that is about to be in force: from then on nothing is started as an earlier one had it.</summary>
    public void Expect(IReadOnlyDictionary<string, ServerConfig> servers) => _expected = servers;

    public void Reload(IReadOnlyDictionary<string, ServerConfig> servers)
    {
        bool IsGone(ServerConfig server) => !servers.TryGetValue(server.Name, out var now) || now.Stdio is not { } stdio || !stdio.StartsLike(server.Stdio!);
        _sessions.EndWhere(IsGone);
        foreach (var shared in _shared.Values)
        {
            if (IsGone(shared.Server))
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
        await _sessions.DisposeAsync();
        await Task.WhenAll(_shared.Values.Select(shared => shared.DisposeAsync().AsTask()));
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

        return IsReplaced(request.Server) ? new BridgeFault(503, "The server's configuration was changed while the call was under way. Try again.").ToAnswer()
            : await SharedOf(request.Server).PostAsync(message, request.Protocol, cancellationToken);
    }

    // A call keeps the configuration it came under; around a reload the process of the next one is none of its, and not to be ended for it.
    private bool IsReplaced(ServerConfig server) =>
        _expected is { } expected && !(expected.TryGetValue(server.Name, out var now) && now.Stdio is { } stdio && stdio.StartsLike(server.Stdio!));

    private SharedServer SharedOf(ServerConfig server)
    {
        while (true)
        {
            var shared = _shared.GetOrAdd(server.Name, static (_, made) => new(made.server, made.bridge.Open, made.bridge._limits, made.bridge._telemetry, made.bridge._supervision.Telemetry, made.bridge._time), (server, bridge: this));
            if (shared.Server.Stdio!.StartsLike(server.Stdio!))
            {
                return shared;
            }

            Retire(shared);
        }
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "The link ends the child, and whoever opened the link ends the link.")]
    private OpenedLink Open(ServerConfig server)
    {
        var stdio = server.Stdio!;
        lock (_processes)
        {
            var count = _processes.GetValueOrDefault(server.Name);
            if (count >= stdio.MaxProcesses)
            {
                return new(null, new(503, $"Server \"{server.Name}\" has {count} processes, as many as its maxProcesses allows. End a session, wait for an idle one to end, or raise maxProcesses."));
            }

            _processes[server.Name] = count + 1;
        }

        var child = ChildProcess.Start(server.Name, stdio, _supervision, out var fault);
        if (child is null)
        {
            Release(server.Name);
            return new(null, fault);
        }

        return new(new ChildLink(child, () => Release(server.Name), _limits, _time), null);
    }

    private void Release(string server)
    {
        lock (_processes)
        {
            if (--_processes[server] == 0)
            {
                _processes.Remove(server);
            }
        }
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
