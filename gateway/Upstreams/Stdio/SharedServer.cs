using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Upstreams.Bridging;

namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>A stdio server as the modern era uses it: its era is found out once, and a modern one serves everybody from one process, started when it is needed.</summary>
internal sealed class SharedServer(
    ServerConfig server, Func<ServerConfig, OpenedLink> open, BridgeLimits limits, BridgeTelemetry telemetry, StdioTelemetry stdio, TimeProvider time) : IAsyncDisposable
{
    [SuppressMessage("Usage", "CA2213", Justification = "Without a wait handle it holds nothing to give back, and a late caller may still come by.")]
    private readonly SemaphoreSlim _gate = new(1);
    [SuppressMessage("Usage", "CA2213", Justification = "Disposed with its end awaited.")]
    private SharedProcess? _process;
    private ServerEra? _era;
    private bool _isRetired;
    private long _lastUse = time.GetTimestamp();
    private volatile ServerConfig _server = server;

    /// <summary>The configuration in force; one that starts the same program may take its place.</summary>
    public ServerConfig Server
    {
        get => _server;
        set => _server = value;
    }

    /// <summary>How long nobody has used it.</summary>
    public TimeSpan Idle => Volatile.Read(ref _process) is { Completion.IsCompleted: false } process ? process.Idle : time.GetElapsedTime(Volatile.Read(ref _lastUse));

    public async ValueTask<BridgeAnswer> PostAsync(McpMessage request, string requested, Principal caller, CancellationToken cancellationToken)
    {
        // The start is not the caller's: one who hangs up must not undo it for those who wait behind.
        var (process, era, fault) = await StartedAsync().WaitAsync(cancellationToken);
        return process is not null ? await process.PostAsync(request, _server, caller, cancellationToken)
            : era is not null ? era.Refuse(request.Id, requested)
            : fault!.ToAnswer();
    }

    public async ValueTask DisposeAsync()
    {
        await _gate.WaitAsync();
        _isRetired = true;
        if (_process is { } process)
        {
            await process.DisposeAsync();
        }

        _process = null;
        _gate.Release();
    }

    private async Task<Started> StartedAsync()
    {
        await _gate.WaitAsync();
        try
        {
            Volatile.Write(ref _lastUse, time.GetTimestamp());
            if (_isRetired)
            {
                return new(null, null, new(503, "The server's process is being ended. Try again."));
            }

            if (_process is { Completion.IsCompleted: true } ended)
            {
                await ended.DisposeAsync();
                _process = null;
            }

            return _process is not null ? new(_process, null, null)
                : _era is { Era: McpEra.Legacy } ? new(null, _era, null)
                : await StartAsync();
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task<Started> StartAsync()
    {
        var (link, fault) = open(_server);
        if (link is null)
        {
            return new(null, null, fault);
        }

        var isKnown = _era is not null;
        var isHandedOver = false;
        try
        {
            _era ??= await ServerEra.AskAsync(link, limits.ProbeTimeout, time, discover: true);
            if (_era is { Era: McpEra.Modern })
            {
                isHandedOver = true;
                _process = new(_server.Name, link, limits, telemetry, time);
            }
        }
        finally
        {
            // Ended before another is asked: a server may be allowed one process only.
            if (!isHandedOver)
            {
                await link.DisposeAsync();
            }
        }

        _era ??= await AskAnewAsync();
        if (_era is { } era && !isKnown)
        {
            stdio.EraFound(_server.Name, era.Era == McpEra.Modern ? "modern" : "legacy", string.Join(", ", era.Versions));
        }

        return isHandedOver ? new(_process, null, null) : new(null, _era, new(502, $"The server answered neither server/discover nor initialize within {limits.ProbeTimeout.TotalSeconds:0.#} s each. {link.End.Reason}"));
    }

    /// <summary>Some legacy servers end when anything but <c>initialize</c> comes first.</summary>
    private async ValueTask<ServerEra?> AskAnewAsync()
    {
        var (link, _) = open(_server);
        if (link is null)
        {
            return null;
        }

        await using (link)
        {
            return await ServerEra.AskAsync(link, limits.ProbeTimeout, time, discover: false);
        }
    }

    private sealed record Started(SharedProcess? Process, ServerEra? Era, BridgeFault? Fault);
}
