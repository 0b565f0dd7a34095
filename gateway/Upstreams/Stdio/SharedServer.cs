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
    private static readonly BridgeFault Retired = new(503, "The server's process is being ended. Try again.");
    private readonly Lock _gate = new();
    [SuppressMessage("Usage", "CA2213", Justification = "Without a timer it holds nothing to give back, and a start may still ask for its token.")]
    private readonly CancellationTokenSource _retiring = new();
    [SuppressMessage("Usage", "CA2213", Justification = "Disposed with its end awaited.")]
    private SharedProcess? _process;
    private Task<Started>? _starting;
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

    /// <summary>How long nobody has used it; zero while it is being started.</summary>
    public TimeSpan Idle => Volatile.Read(ref _process) is { Completion.IsCompleted: false } process ? process.Idle
        : Volatile.Read(ref _starting) is { IsCompleted: false } ? TimeSpan.Zero
        : time.GetElapsedTime(Volatile.Read(ref _lastUse));

    public async ValueTask<BridgeAnswer> PostAsync(McpMessage request, string requested, Principal caller, CancellationToken cancellationToken)
    {
        var (process, era, fault) = await StartedAsync().WaitAsync(cancellationToken);
        return process is not null ? await process.PostAsync(request, _server, caller, cancellationToken)
            : era is not null ? era.Refuse(request.Id, requested)
            : fault!.ToAnswer();
    }

    public async ValueTask DisposeAsync()
    {
        Task starting;
        lock (_gate)
        {
            _isRetired = true;
            starting = _starting ?? Task.CompletedTask;
        }

        await _retiring.CancelAsync();
        await starting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (Interlocked.Exchange(ref _process, null) is { } process)
        {
            await process.DisposeAsync();
        }
    }

    // One start for all who wait: it is none of the callers', so one who hangs up does not undo it, and what becomes of it answers them all. Only who comes later has it tried again.
    private Task<Started> StartedAsync()
    {
        lock (_gate)
        {
            Volatile.Write(ref _lastUse, time.GetTimestamp());
            return _isRetired ? Task.FromResult(new Started(null, null, Retired))
                : _process is { Completion.IsCompleted: false } process ? Task.FromResult(new Started(process, null, null))
                : _starting is { IsCompleted: false } starting ? starting
                : _process is null && _era is { Era: McpEra.Legacy } era ? Task.FromResult(new Started(null, era, null))
                : _starting = StartAsync();
        }
    }

    private async Task<Started> StartAsync()
    {
        await Task.Yield();
        if (Interlocked.Exchange(ref _process, null) is { } ended)
        {
            await ended.DisposeAsync();
        }

        try
        {
            return await AskAsync();
        }
        catch (OperationCanceledException) when (_retiring.IsCancellationRequested)
        {
            return new(null, null, Retired);
        }
    }

    private async ValueTask<Started> AskAsync()
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
            _era ??= await ServerEra.AskAsync(link, limits.ProbeTimeout, time, discover: true, _retiring.Token);
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
            return await ServerEra.AskAsync(link, limits.ProbeTimeout, time, discover: false, _retiring.Token);
        }
    }

    private sealed record Started(SharedProcess? Process, ServerEra? Era, BridgeFault? Fault);
}
