using McpLedger.Contracts.Events;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Upstreams;

namespace McpLedger.Gateway.Configuration;

/// <summary>The configuration in force. Publishing swaps it whole; calls in flight keep the one they began with.</summary>
public sealed class GatewayConfigSource : IDisposable
{
    private readonly ControlRecorder _recorder;
    private readonly Upstream _upstream;
    private readonly GatewayTelemetry _telemetry;
    private readonly SemaphoreSlim _publishing = new(1, 1);
    private volatile GatewaySnapshot _snapshot = GatewaySnapshot.Of(GatewayConfig.Empty);
    private volatile bool _isPublished;

    internal GatewayConfigSource(ControlRecorder recorder, Upstream upstream, GatewayTelemetry telemetry)
    {
        _recorder = recorder;
        _upstream = upstream;
        _telemetry = telemetry;
    }

    /// <summary>The configuration in force; <see cref="GatewayConfig.Empty"/> before the first is published.</summary>
    public GatewayConfig Current => _snapshot.Config;

    internal GatewaySnapshot Snapshot => _snapshot;

    internal bool IsPublished => _isPublished;

    /// <inheritdoc/>
    public void Dispose() => _publishing.Dispose();

    /// <summary>Records <c>policy.published.v1</c> and then puts <paramref name="next"/> in force (I1).</summary>
    /// <param name="next">The configuration, already validated.</param>
    /// <param name="publishedBy">start, or reload and by whom.</param>
    /// <param name="cancellationToken">Gives up waiting for another publication.</param>
    /// <returns>False when the event could not be made durable; nothing has changed then.</returns>
    /// <exception cref="InvalidOperationException">It cannot be put in force; nothing has changed then either.</exception>
    public async Task<bool> PublishAsync(GatewayConfig next, string publishedBy, CancellationToken cancellationToken)
    {
        await _publishing.WaitAsync(cancellationToken);
        try
        {
            // What cannot be put in force must not stand in the log as published.
            var snapshot = GatewaySnapshot.Of(next);
            var made = await _upstream.MakeAsync(next);
            if (await _recorder.RecordAsync(new PolicyPublished(snapshot.Policy.Digest, [.. next.Servers.Keys], publishedBy), subject: null) is null)
            {
                return false;
            }

            // The way to a server first, then the policy that lets calls take it.
            _upstream.Open(next, made);
            _snapshot = snapshot;
            _isPublished = true;
            _upstream.CloseOthers(next);
            _telemetry.PolicyPublished(snapshot.Policy.Digest.ToString(), next.Servers.Count, next.Rules.Length);
            return true;
        }
        finally
        {
            _publishing.Release();
        }
    }
}
