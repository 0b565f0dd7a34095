using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Answers;
using McpLedger.Gateway.Capture;
using McpLedger.Streaming;
using Microsoft.Extensions.Logging;

namespace McpLedger.Gateway;

/// <summary>What the gateway says about itself, under the semantic conventions for MCP (OpenTelemetry, gen-ai/mcp). Never a payload, never a secret.</summary>
internal sealed partial class GatewayTelemetry : IDisposable
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "McpLedger.Gateway";

    private static readonly double[] Buckets = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300];
    private readonly ActivitySource _activities = new(Name);
    private readonly ILogger<GatewayTelemetry> _logger;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _relayed;
    private readonly Counter<long> _unrecorded;
    private readonly Counter<long> _unavailable;
    private readonly Counter<long> _hopsBroken;
    private readonly Recurring _troubles = new(TimeProvider.System);

    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The factory owns its meters.")]
    public GatewayTelemetry(ILogger<GatewayTelemetry> logger, IMeterFactory meters)
    {
        _logger = logger;
        var meter = meters.Create(Name);
        _duration = meter.CreateHistogram("mcp.server.operation.duration", "s", "From a recorded intent to the recorded outcome.", tags: null, new InstrumentAdvice<double> { HistogramBucketBoundaries = Buckets });
        _refused = meter.CreateCounter<long>("mcpledger.gateway.refused", "{call}", "Calls that were refused.");
        _relayed = meter.CreateCounter<long>("mcpledger.gateway.relayed", "{message}", "Messages inside streams, notifications and server requests.");
        _unrecorded = meter.CreateCounter<long>("mcpledger.gateway.unrecorded", "{event}", "Events that were not recorded.");
        _unavailable = meter.CreateCounter<long>("mcpledger.gateway.ledger.unavailable", "{event}", "Events that the ledger did not take, so that nothing passed.");
        _hopsBroken = meter.CreateCounter<long>("mcpledger.gateway.hops.broken", "{request}", "Requests passed on to the replica that owns their session, which broke off before it answered.");
    }

    /// <summary>The control log could not be read.</summary>
    public void ControlUnreadable(Exception exception)
    {
        if (_troubles.Due(nameof(ControlUnreadable)) is { } unsaid)
        {
            LogControlUnreadable(unsaid, exception);
        }
    }

    /// <summary>The control log cannot be read past a place.</summary>
    public void ControlDamaged(string damage)
    {
        if (_troubles.Due(nameof(ControlDamaged)) is { } unsaid)
        {
            LogControlDamaged(damage, unsaid);
        }
    }

    /// <summary>A tool is not what it was.</summary>
    public void ToolChanged(string server, string tool, string risk) => LogToolChanged(Shown.Of(tool), server, risk);

    /// <summary>A tool waits for an operator.</summary>
    public void ToolHeld(string server, string tool) => LogToolHeld(Shown.Of(tool), server, Shown.InCommand(tool));

    /// <summary>Begins the span of a call, under the caller's trace context.</summary>
    public Activity? StartCall(Call call)
    {
        if (!_activities.HasListeners())
        {
            return null;
        }

        // What is recorded of it: a name may hold what nobody keeps.
        var target = call.What.Method is "tools/call" or "prompts/get" ? call.What.Name : null;
        var ambient = Activity.Current?.Context;
        ActivityContext.TryParse(call.Message.TraceParent, traceState: null, isRemote: true, out var parent);
        var links = parent != default && ambient is { } here ? [new ActivityLink(here)] : (IEnumerable<ActivityLink>?)null;
        var activity = _activities.CreateActivity(target is null ? call.What.Method! : $"{call.What.Method} {target}", ActivityKind.Server, parent, tags: null, links);
        activity?.SetTag("mcp.method.name", call.What.Method);
        activity?.SetTag("mcp.protocol.version", call.Protocol);
        activity?.SetTag("mcpledger.server", call.What.Server);
        activity?.SetTag("mcpledger.call", call.Id.ToString());
        if (call.What.Method == "tools/call")
        {
            activity?.SetTag("gen_ai.operation.name", "execute_tool");
            activity?.SetTag("gen_ai.tool.name", target);
        }
        else if (target is not null)
        {
            activity?.SetTag("gen_ai.prompt.name", target);
        }

        return activity?.Start();
    }

    public void Ended(Call call, Ending ending, TimeSpan took)
    {
        var error = ErrorOf(ending);
        if (_duration.Enabled)
        {
            var tags = new TagList { { "mcp.method.name", MethodOf(call.What.Method) }, { "mcpledger.server", call.What.Server }, { "mcp.protocol.version", call.Protocol } };
            if (error is not null)
            {
                tags.Add("error.type", error);
            }

            _duration.Record(took.TotalSeconds, tags);
        }

        if (error is not null)
        {
            Activity.Current?.SetTag("error.type", error);
            Activity.Current?.SetStatus(ActivityStatusCode.Error);
        }

        if (ending.Outcome == CallOutcome.UpstreamFailed)
        {
            LogUpstreamFailed(call.What.Server, ending.Reason);
        }
    }

    public void Refused(Call call, Refusal refusal)
    {
        _refused.Add(1, new KeyValuePair<string, object?>("mcpledger.server", call.Exchange.Server?.Name ?? "unknown"), new("http.response.status_code", refusal.Status));
        LogRefused(call.Who.Principal, refusal.Status, refusal.Code);
    }

    public void Relayed(Call call, Direction direction, string? dropped)
    {
        _relayed.Add(1, new KeyValuePair<string, object?>("mcpledger.server", call.What.Server), new("mcpledger.direction", direction == Direction.ToClient ? "to-client" : "to-server"));
        if (dropped is not null)
        {
            LogDropped(call.What.Server, dropped);
        }
    }

    public void RefusalUnrecorded() => _unrecorded.Add(1, new KeyValuePair<string, object?>("mcpledger.reason", "flood"));

    public void RecordDropped(long total)
    {
        _unrecorded.Add(1, new KeyValuePair<string, object?>("mcpledger.reason", "mode"));
        if (_troubles.Due(nameof(RecordDropped)) is not null)
        {
            LogRecordDropped(total);
        }
    }

    public void RecordRefused(AppendStatus status)
    {
        _unavailable.Add(1, new KeyValuePair<string, object?>("mcpledger.status", status.ToString()));
        if (_troubles.Due(nameof(RecordRefused)) is { } unsaid)
        {
            LogRecordRefused(status, unsaid);
        }
    }

    public void RecordFailed(Exception exception)
    {
        _unavailable.Add(1, new KeyValuePair<string, object?>("mcpledger.status", "failed"));
        if (_troubles.Due(nameof(RecordFailed)) is { } unsaid)
        {
            LogRecordFailed(unsaid, exception);
        }
    }

    public void UpstreamUnreachable(string server, string destination, HttpRequestError error) => LogUnreachable(server, destination, error);

    public void HopBroken(string server, string peer)
    {
        _hopsBroken.Add(1, new KeyValuePair<string, object?>("mcpledger.server", server), new("mcpledger.peer", peer));
        LogHopBroken(peer, server);
    }

    public void PeersFound(string name, int count, string instances) => LogPeersFound(name, count, instances);

    public void PeersUnknown(string name, string reason) => LogPeersUnknown(name, reason);

    public void Dispose() => _activities.Dispose();

    // Clients make methods up, and each would be a series of its own; the conventions have a word for those.
    private static string? MethodOf(string? method) => method is null or "GET" or "DELETE" || McpMethods.IsKnown(method) ? method : "_OTHER";

    // The conventions name the JSON-RPC code, and tool_error for results that say isError.
    private static string? ErrorOf(Ending ending) => ending.Outcome switch
    {
        CallOutcome.Ok => null,
        CallOutcome.ToolError => "tool_error",
        CallOutcome.ProtocolError when ending.Code is { } code => code.ToString(System.Globalization.CultureInfo.InvariantCulture),
        CallOutcome.ProtocolError => "protocol_error",
        CallOutcome.Cancelled => "cancelled",
        CallOutcome.ClientGone => "client_gone",
        _ => "upstream_failed",
    };

    [LoggerMessage(1001, LogLevel.Information, "Policy {Digest} is in force: {Servers} servers, {Rules} rules")]
    public partial void PolicyPublished(string digest, int servers, int rules);

    [LoggerMessage(1002, LogLevel.Information, "The control log is folded up to offset {Offset}")]
    public partial void ControlCurrent(long offset);

    [LoggerMessage(1003, LogLevel.Error, "The control log is damaged: {Damage} ({Unsaid} more times since it was last said)")]
    private partial void LogControlDamaged(string damage, int unsaid);

    [LoggerMessage(1004, LogLevel.Warning, "The control log cannot be read now; it is tried again ({Unsaid} more times since it was last said)")]
    private partial void LogControlUnreadable(int unsaid, Exception exception);

    [LoggerMessage(1005, LogLevel.Error, "The control record at offset {Offset} cannot be read: {Fault}")]
    public partial void ControlRecordUnreadable(long offset, string fault);

    [LoggerMessage(1006, LogLevel.Debug, "A client was gone before its request was done")]
    public partial void ClientGone(Exception exception);

    [LoggerMessage(1007, LogLevel.Error, "A request broke the gateway")]
    public partial void Broken(Exception exception);

    [LoggerMessage(1008, LogLevel.Warning, "Tool {Tool} of server {Server} changed its definition; risk {Risk}")]
    private partial void LogToolChanged(string tool, string server, string risk);

    [LoggerMessage(1009, LogLevel.Warning, "Tool {Tool} of server {Server} was listed for the first time and waits for an operator: mcpledger tools approve {Server} {Argument}")]
    private partial void LogToolHeld(string tool, string server, string argument);

    [LoggerMessage(1010, LogLevel.Warning, "The instructions of server {Server} cannot be judged and are withheld: {Fault}")]
    public partial void InstructionsUnjudged(string server, string fault);

    [LoggerMessage(1011, LogLevel.Warning, "Server {Server} gave more new {What} than are recorded in an hour: further ones are withheld")]
    public partial void DefinitionsTooMany(string server, string what);

    [LoggerMessage(1101, LogLevel.Debug, "Refused a request of {Principal} with HTTP {Status}, code {Code}")]
    private partial void LogRefused(string principal, int status, int? code);

    [LoggerMessage(1102, LogLevel.Warning, "Server {Server} failed a call: {Reason}")]
    private partial void LogUpstreamFailed(string server, string? reason);

    [LoggerMessage(1103, LogLevel.Warning, "Did not pass on a message of server {Server}: {Reason}")]
    private partial void LogDropped(string server, string reason);

    [LoggerMessage(1104, LogLevel.Warning, "Server {Server} could not be reached at destination {Destination}: {Error}")]
    private partial void LogUnreachable(string server, string destination, HttpRequestError error);

    [LoggerMessage(1105, LogLevel.Information, "{Name} leads to {Count} replicas: {Instances}")]
    private partial void LogPeersFound(string name, int count, string instances);

    [LoggerMessage(1106, LogLevel.Warning, "The replicas' name {Name} cannot be looked up: {Reason}")]
    private partial void LogPeersUnknown(string name, string reason);

    [LoggerMessage(1107, LogLevel.Warning, "The replica at {Peer} broke off before it answered a request for server {Server}; it has it on record if it came that far")]
    private partial void LogHopBroken(string peer, string server);

    [LoggerMessage(1201, LogLevel.Critical, "An event was not recorded, as the recording mode allows; {Total} since start")]
    private partial void LogRecordDropped(long total);

    [LoggerMessage(1202, LogLevel.Error, "The ledger did not take an event ({Status}); nothing passes until it does ({Unsaid} more times since it was last said)")]
    private partial void LogRecordRefused(AppendStatus status, int unsaid);

    [LoggerMessage(1203, LogLevel.Error, "The ledger failed; nothing passes until it works again ({Unsaid} more times since it was last said)")]
    private partial void LogRecordFailed(int unsaid, Exception exception);
}
