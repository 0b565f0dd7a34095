using System.Buffers;
using System.Text;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Decisions;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Upstreams;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Capture;

/// <summary>
/// GET and DELETE, which the legacy era has: a stream for what belongs to no request, resumption, and the end of a session. Both are recorded as calls
/// under the names of their HTTP methods.
/// </summary>
internal sealed class StreamDoor(
    Intake intake,
    ControlState control,
    CallRestraints restraints,
    Refuser refuser,
    CallRecorder recorder,
    MessageScreen screen,
    Upstream upstream,
    StandaloneRelay relay,
    LiveCalls live,
    GatewayTelemetry telemetry,
    Tenures tenures,
    TimeProvider time)
{
    private static readonly SearchValues<char> EventIdCharacters = SearchValues.Create([.. Enumerable.Range(' ', '~' - ' ' + 1).Select(c => (char)c)]);

    public async ValueTask HandleAsync(Exchange exchange, ClientAnswer answer)
    {
        var request = exchange.Http.Request;
        var version = request.Headers[UpstreamHeaders.Protocol];
        if (RefusalOf(exchange, request, version.Count == 0 ? null : version.ToString()) is { } refusal)
        {
            await intake.RefuseAsync(exchange, null, new(BodyStatus.Whole, SaidBy(request)), refusal, answer);
        }
        else if (await intake.TryHopAsync(exchange, default, id: null, answer) is { } hop)
        {
            await (hop.Refusal is null ? default : intake.RefuseAsync(exchange, null, default, hop.Refusal, answer));
        }
        else
        {
            await DecideAsync(exchange, version.Count == 0 ? McpRevisions.Assumed : version.ToString(), answer);
        }
    }

    private Refusal? RefusalOf(Exchange exchange, HttpRequest request, string? version)
    {
        if ((version is not null && McpRevisions.IsModern(version)) || exchange.Server is { ModernOnly: true })
        {
            return Refusal.Plain(StatusCodes.Status405MethodNotAllowed, McpErrors.InvalidRequest, $"{McpRevisions.FirstModern} has no {request.Method}. Send requests by POST.") with
            {
                Header = (HeaderNames.Allow, "POST"),
            };
        }

        if (version is not null && !McpRevisions.Supported.Contains(version, StringComparer.Ordinal))
        {
            return Refusal.Plain(StatusCodes.Status400BadRequest, McpErrors.InvalidRequest, "The header MCP-Protocol-Version names no revision that is served.");
        }

        return request.Method == "GET" && !AcceptRules.TakesStreams(request)
            ? Refusal.Plain(StatusCodes.Status406NotAcceptable, McpErrors.InvalidRequest, "The header Accept must list text/event-stream.")
            : Intake.CheckIdentity(exchange) ?? EventIdFault(request) ?? intake.OpenSession(exchange);
    }

    // It is all that a client says with a GET, and an id is the server's own word: what no id is would be a message that nobody reads.
    private static Refusal? EventIdFault(HttpRequest request) =>
        request.Headers[UpstreamHeaders.LastEventId] is { Count: > 0 } ids && request.Method == "GET" && (ids.Count > 1 || ids.ToString() is { Length: > Exchange.LongestEventId } || ids.ToString().AsSpan().ContainsAnyExcept(EventIdCharacters))
            ? Refusal.Plain(StatusCodes.Status400BadRequest, McpErrors.InvalidRequest, $"The header {UpstreamHeaders.LastEventId} is no id of an event. Send one of at most {Exchange.LongestEventId} characters of ASCII that show, or open a stream without it.")
            : null;

    private static byte[] SaidBy(HttpRequest request) =>
        request.Method == "GET" && request.Headers[UpstreamHeaders.LastEventId].ToString() is { Length: > 0 } id ? Encoding.UTF8.GetBytes($"{UpstreamHeaders.LastEventId}: {id}") : [];

    private CallFacts FactsOf(Call call) => CallHandler.FactsOf(call.Exchange, call.What.Method, tool: null, pinned: null) with
    {
        Restraint = restraints.Find(call.Who, call.Where.Session.Id, isCounted: false),

        // What ends a session passes whatever the session has read, as it passes a stop.
        Labels = call.What.Method == "DELETE" ? [] : control.LabelsOf(call.Where.Session.Id, time.GetUtcNow()),
    };

    private async ValueTask DecideAsync(Exchange exchange, string protocol, ClientAnswer answer)
    {
        var method = exchange.Http.Request.Method;
        var call = Call.Begin(exchange, default, method, McpEra.Legacy, protocol, definition: null, recorder.Monotonic, time);
        switch (CallDecider.Decide(exchange.Gateway.Policy, FactsOf(call)))
        {
            case Decision.Forward forward:
                await ForwardAsync(call, forward, method, protocol, answer);
                break;
            case Decision.Refuse refuse:
                await refuser.RefuseAsync(call, default, isPartial: false, Refusal.Of(refuse, call.Message), answer);
                break;
            default:
                throw new InvalidOperationException("A decision forwards or refuses.");
        }
    }

    private async ValueTask ForwardAsync(Call call, Decision.Forward decision, string method, string protocol, ClientAnswer answer)
    {
        if (method == "GET" && call.Exchange.LastEvent is { } lastEvent)
        {
            await live.GiveUpAsync(call.Where.Session, lastEvent);
        }

        var said = await recorder.OfBytesAsync(screen.Recordable(call.Exchange, (ReadOnlyMemory<byte>)SaidBy(call.Exchange.Http.Request)));
        if (said is null || !await recorder.RecordAsync(CallHandler.IntentOf(call, said, decision), call.Subject, call.PartitionKey, RecordPhase.Request, call.Exchange.Gateway.Config.Record))
        {
            await Refuser.UnrecordableAsync(call, answer);
            return;
        }

        answer.Name(call.Id);
        var ending = new CallEnding(call, recorder, telemetry, time.GetTimestamp(), time);
        var request = new UpstreamRequest(call.Exchange.Server!, call.Exchange.Http.Request, method, null, McpEra.Legacy, protocol, call.Exchange.Session, call.Exchange.Principal);

        // What ends a session is sent and answered whoever has gone; a stream is opened for the client alone, and would stand open while the gateway stops.
        await using var tenure = method == "GET" ? tenures.Begin(call.Exchange, call.Exchange.Http.RequestAborted) : null;
        using var answered = await upstream.SendAsync(request, tenure?.Over ?? CancellationToken.None);
        ending.Destination = answered.Destination;
        await relay.RelayAsync(ending, answered, answer, tenure);
    }
}
