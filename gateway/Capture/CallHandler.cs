using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tools;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Decisions;
using McpLedger.Gateway.Recording;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Sessions;
using McpLedger.Gateway.Tools;
using McpLedger.Gateway.Upstreams;

namespace McpLedger.Gateway.Capture;

/// <summary>Takes one message from the decision on: decide, record, forward, relay, record, release (README, the life of a call).</summary>
internal sealed class CallHandler(
    ControlState control,
    CallRestraints restraints,
    Refuser refuser,
    CallRecorder recorder,
    Upstream upstream,
    AnswerRelay answers,
    OneWayRelay oneWay,
    MessageScreen screen,
    LiveCalls live,
    SuspendedEndings suspended,
    GatewayTelemetry telemetry,
    TimeProvider time)
{
    public async ValueTask HandleAsync(Exchange exchange, McpMessage message, McpEra era, string protocol, ClientAnswer answer)
    {
        var tool = message.Method == "tools/call" ? message.Name : null;
        var pinned = tool is null or ServerInstructions.Name ? null : control.FindTool(exchange.ServerName, tool);
        var call = Call.Begin(exchange, message, method: null, era, protocol, pinned?.Seen, recorder.Monotonic, time);
        var decision = CallDecider.Decide(exchange.Gateway.Policy, FactsOf(call, pinned));
        if (decision is Decision.Forward && exchange.Gateway.Screening is not null)
        {
            var screened = screen.Request(call, message);
            call = screened.Record is null && !screened.IsChanged ? call : call.After(screened);
            if (screened.Refusal is { } reason)
            {
                await refuser.RefuseAsync(call, message.Raw, isPartial: false, Refusal.Screened(reason, message), answer);
                await (message is { Kind: McpKind.Response, Id: { } asked } ? oneWay.RefuseAsync(call, owner: null, asked) : default);
                return;
            }
        }

        switch (decision)
        {
            case Decision.Refuse refuse:
                await refuser.RefuseAsync(call, message.Raw, isPartial: false, Refusal.Of(refuse, message), answer);
                break;
            case Decision.Forward when message.Kind != McpKind.Request:
                await RelayAsync(call, answer);
                break;
            case Decision.Forward when era == McpEra.Modern && pinned is not null && ParameterMarks.Check(pinned.Marks, call.Message, name => exchange.Http.Request.Headers[name]) is { } fault:
                // After the decision: whether a tool has such headers is told to those only who may call it.
                await refuser.RefuseAsync(call, message.Raw, isPartial: false, Refusal.Of(fault), answer);
                break;
            case Decision.Forward forward:
                await ForwardAsync(call, forward, answer);
                break;
            default:
                throw new InvalidOperationException("A decision forwards or refuses.");
        }
    }

    private CallFacts FactsOf(Call call, PinnedTool? pinned)
    {
        var method = call.What.Method;
        var session = call.Where.Session.Id;
        return FactsOf(call.Exchange, method, method == "tools/call" ? call.What.Name : null, pinned) with
        {
            Restraint = restraints.Find(call.Who, session, isCounted: !CallDecider.LeadsToTools(method)),
            Labels = control.LabelsOf(session, time.GetUtcNow()),
        };
    }

    /// <summary>What a decision about a tool reads of policy and pins alone.</summary>
    public static CallFacts FactsOf(Exchange exchange, string? method, string? tool, PinnedTool? pinned) =>
        new(exchange.Principal.Subject, exchange.Principal.Teams, exchange.ServerName, method, tool, HoldOf(exchange, tool, pinned));

    // Where first sights wait, a call that no list went before must not slip past them.
    private static ToolHold HoldOf(Exchange exchange, string? tool, PinnedTool? pinned) =>
        tool == ServerInstructions.Name ? ToolHold.Reserved
        : pinned?.Hold ?? (tool is not null && exchange.Server is { FirstTools: FirstTools.Hold } ? ToolHold.NeverListed : ToolHold.None);

    // A cancellation takes effect between its record and its way to the server: the call that it names may end as soon as the server has it.
    private async ValueTask RelayAsync(Call call, ClientAnswer answer)
    {
        if (!await oneWay.TryRecordAsync(call) || (call.Message.Method == "notifications/cancelled" && !await TryCancelAsync(call, call.Message.CancelledRequestId)))
        {
            await Refuser.UnrecordableAsync(call, answer);
            return;
        }

        await oneWay.SendAsync(call, answer);
    }

    private ValueTask<bool> TryCancelAsync(Call by, RawJson? id)
    {
        live.Cancel(by.Where.Session, id);
        return suspended.TryCancelAsync(by, id);
    }

    private async ValueTask ForwardAsync(Call call, Decision.Forward decision, ClientAnswer answer)
    {
        using var activity = telemetry.StartCall(call);
        var content = await recorder.OfJsonAsync(call.Recorded.Raw);
        if (content is null || !await suspended.TryEndNamesakeAsync(call) || !await recorder.RecordAsync(IntentOf(call, content, decision), call.Subject, call.PartitionKey, RecordPhase.Request, call.Exchange.Gateway.Config.Record))
        {
            await Refuser.UnrecordableAsync(call, answer);
            return;
        }

        answer.Name(call.Id);
        var joined = call.Era == McpEra.Legacy ? live.Enter(call) : null;
        try
        {
            var ending = new CallEnding(call, recorder, telemetry, time.GetTimestamp(), time) { Live = joined };
            using var presence = new ClientPresence(call, time, joined?.GivenUp ?? CancellationToken.None);
            var request = new UpstreamRequest(call.Exchange.Server!, call.Exchange.Http.Request, "POST", call.Message, call.Era, call.Protocol, call.Era == McpEra.Legacy ? call.Exchange.Session : null, call.Exchange.Principal);
            using var answered = await upstream.SendAsync(request, presence.Token);
            await answers.RelayAsync(ending, answered, answer, presence.Token);
        }
        finally
        {
            live.Leave(joined);
        }
    }

    /// <summary>The event that says that a call is about to be forwarded.</summary>
    public static CallIntended IntentOf(Call call, Content request, Decision.Forward decision) => new()
    {
        Call = call.Id,
        Who = call.Who,
        What = call.What,
        Request = request,
        Decision = new() { Verdict = Verdict.Forwarded, Rules = decision.Rules, Policy = call.Exchange.Gateway.Policy.Digest },
        Where = call.Where,
        Screening = call.Screening,
    };
}
