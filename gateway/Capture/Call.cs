using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Screening;
using McpLedger.Gateway.Sessions;
using Microsoft.Net.Http.Headers;

namespace McpLedger.Gateway.Capture;

/// <summary>One message on its way: what all its events say alike.</summary>
internal sealed class Call
{
    private Call(Exchange exchange, McpMessage message, McpEra era, string protocol, EventId id, Caller who, CallTarget what, Place where)
    {
        Exchange = exchange;
        Message = message;
        Recorded = message;
        Era = era;
        Protocol = protocol;
        Id = id;
        Who = who;
        What = what;
        Where = where;
    }

    public Exchange Exchange { get; }

    /// <summary>What is forwarded.</summary>
    public McpMessage Message { get; private init; }

    /// <summary>What is recorded of it.</summary>
    public McpMessage Recorded { get; private init; }

    /// <summary>What was found in it; null for nothing.</summary>
    public ScreeningRecord? Screening { get; private init; }

    public McpEra Era { get; }

    public string Protocol { get; }

    /// <summary>Joins the call's events; the client gets it as <c>Audit-Id</c>.</summary>
    public EventId Id { get; }

    public Caller Who { get; private init; }

    public CallTarget What { get; private init; }

    public Place Where { get; }

    /// <summary>What the events are about: <c>{server}/{name}</c>.</summary>
    public string Subject => What.Name is { } name ? $"{What.Server}/{name}" : What.Server;

    /// <summary>Keeps a call's events in one partition.</summary>
    public string PartitionKey => Where.Session.Id;

    /// <summary>The call that a message is.</summary>
    /// <param name="exchange">The request it came in.</param>
    /// <param name="message">The message; a default one for requests without a body or with one that could not be read.</param>
    /// <param name="method">What stands for the method where there is no message: <c>GET</c>, <c>DELETE</c>; null for the message's own.</param>
    /// <param name="era">Its era.</param>
    /// <param name="protocol">Its revision; null when nobody could tell.</param>
    /// <param name="definition">Digest of the called tool's definition.</param>
    /// <param name="monotonic">The monotonic clock.</param>
    /// <param name="time">The clock.</param>
    public static Call Begin(Exchange exchange, McpMessage message, string? method, McpEra era, string? protocol, Digest? definition, long monotonic, TimeProvider time)
    {
        var client = message.ClientName;
        var traceParent = message.TraceParent;
        var arguments = message.Arguments;
        var session = SessionRefs.Of(exchange.Session, traceParent, exchange.Principal, client);
        var revision = protocol is null ? null : McpRevisions.Recorded(protocol);
        var what = new CallTarget
        {
            Server = exchange.ServerName,
            Kind = method is null ? NameOf(message.Kind) : NameOf(McpKind.Request),
            Method = method ?? message.Method,
            Name = message.Name,
            Id = message.Id,
            Era = NameOf(era),
            Protocol = revision,
            Definition = definition,
            Arguments = arguments.IsEmpty ? null : new(arguments.Length, Digest.Of(arguments.Span)),
        };
        var where = new Place
        {
            Session = session,
            Peer = exchange.Peer,
            Trace = SessionRefs.TraceId(traceParent) ?? SessionRefs.TraceId(exchange.Http.Request.Headers[HeaderNames.TraceParent]),
            Monotonic = monotonic,
        };
        return new(exchange, message, era, revision ?? "", EventId.New(time), exchange.Principal.ToCaller(client), what, where);
    }

    /// <summary>The same call after its message was screened: what it says of itself is what is recorded.</summary>
    public Call After(in ScreenedMessage screened)
    {
        var recorded = screened.Recorded;
        var arguments = recorded.Arguments;
        return new(Exchange, screened.Passed, Era, Protocol, Id, Who, What, Where)
        {
            Recorded = recorded,
            Screening = screened.Record,
            Who = Exchange.Principal.ToCaller(recorded.ClientName),
            What = What with { Method = recorded.Method, Name = recorded.Name, Id = recorded.Id, Arguments = arguments.IsEmpty ? null : new(arguments.Length, Digest.Of(arguments.Span)) },
        };
    }

    /// <summary>The call that goes on in another request: its answer comes on a resumed stream.</summary>
    public static Call Resume(Exchange exchange, SuspendedCall suspended) =>
        new(exchange, default, McpEra.Legacy, suspended.Protocol, suspended.Id, suspended.Who, suspended.What, suspended.Where);

    /// <summary>The same call where its answer comes in another request, whose life is not this one's.</summary>
    public Call In(Exchange exchange) => new(exchange, default, Era, Protocol, Id, Who, What, Where);

    /// <summary>What is kept of this call while it waits to be resumed. Its id is copied: it lies in the body of a request that ends now.</summary>
    public SuspendedCall Suspend(string? destination, long began) =>
        new(Id, Who, What with { Id = What.Id is { } id ? RawJson.FromTrusted(id.Utf8.ToArray()) : null }, Where, Protocol, destination, began);

    /// <summary>What a message inside this call's stream addresses.</summary>
    public CallTarget TargetOf(in McpMessage message) => new()
    {
        Server = What.Server,
        Kind = NameOf(message.Kind),
        Method = message.Method,
        Name = message.Name,
        Id = message.Id,
        Era = What.Era,
        Protocol = What.Protocol,
    };

    private static string NameOf(McpKind kind) => kind switch
    {
        McpKind.Request => "request",
        McpKind.Notification => "notification",
        McpKind.Response => "response",
        _ => "unreadable",
    };

    private static string? NameOf(McpEra era) => era switch
    {
        McpEra.Legacy => "legacy",
        McpEra.Modern => "modern",
        _ => null,
    };
}
