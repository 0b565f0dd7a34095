using System.Diagnostics;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Identity;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Sessions;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Hosting;

namespace McpLedger.Gateway.Capture;

/// <summary>
/// Requests that the HTTP server refuses before anything of ours sees them (headers too long, too many or too slow, no HTTP at all): it answers with a
/// status and hangs up, and tells this observer, who records it. Nothing reaches an upstream, so the record may follow the answer.
/// </summary>
internal sealed class UnreadRequests(
    DiagnosticListener server, GatewayConfigSource source, CallRecorder recorder, RefusalFlood flood, GatewayTelemetry telemetry, TimeProvider time)
    : IHostedService, IObserver<KeyValuePair<string, object?>>, IDisposable
{
    private const string BadRequest = "Microsoft.AspNetCore.Server.Kestrel.BadRequest";
    private IDisposable? _subscription;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _subscription = server.Subscribe(this, static (name, _, _) => name == BadRequest);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void OnNext(KeyValuePair<string, object?> value)
    {
        // What reached an endpoint is recorded there, a body that broke off included.
        if (value is { Key: BadRequest, Value: IFeatureCollection features }
            && features.Get<IBadRequestExceptionFeature>()?.Error is BadHttpRequestException fault
            && features.Get<IEndpointFeature>()?.Endpoint is null)
        {
            Record(features.Get<IHttpConnectionFeature>()?.RemoteIpAddress?.ToString(), fault);
        }
    }

    public void OnCompleted()
    {
    }

    public void OnError(Exception error)
    {
    }

    public void Dispose() => _subscription?.Dispose();

    private void Record(string? peer, BadHttpRequestException fault)
    {
        if (!flood.TryEnter(peer, out var unrecorded))
        {
            telemetry.RefusalUnrecorded();
            return;
        }

        var session = SessionRefs.Of(claims: null, traceParent: null, Principal.Unknown, client: null);
        var refused = new CallRefused
        {
            Call = EventId.New(time),
            Who = Principal.Unknown.ToCaller(null),
            What = new() { Server = "", Kind = "unreadable" },
            Request = ContentStore.OfStranger(default, isPartial: true),
            Decision = new()
            {
                Verdict = Verdict.Refused,
                Policy = source.Snapshot.Policy.Digest,
                Reason = $"The request could not be read: {fault.Message}",
                Facts = unrecorded == 0 ? null : new Dictionary<string, string>(StringComparer.Ordinal) { ["unrecordedBefore"] = unrecorded.ToString(CultureInfo.InvariantCulture) },
            },
            Where = new() { Session = session, Peer = peer, Monotonic = recorder.Monotonic },
            Status = fault.StatusCode,
        };

        // Not waited for: the connection's loop must not wait for a disk on behalf of who sends garbage. What is not recorded is counted.
        _ = recorder.RecordAsync(refused, subject: null, session.Id, RecordPhase.Answer, RecordMode.StrictRequest).AsTask();
    }
}
