using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Mcp;

/// <summary>
/// One message of any revision, read strictly. Ranges are slices of the caller's buffer and live as long as it does; empty means absent.
/// What the upstream must judge is left to it: only the members that gateway and log act upon are looked at.
/// </summary>
public readonly struct McpMessage
{
    private readonly McpParts _parts;

    internal McpMessage(ReadOnlyMemory<byte> raw, in McpParts parts)
    {
        Raw = raw;
        _parts = parts;
    }

    /// <summary>The whole message as it arrived.</summary>
    public ReadOnlyMemory<byte> Raw { get; }

    /// <summary>What it is.</summary>
    public McpKind Kind => _parts.Kind;

    /// <summary>The id as raw JSON: a string or a 64-bit integer; <c>7</c> and <c>"7"</c> are two ids. Null for notifications and for errors about a message that could not be read.</summary>
    public RawJson? Id => Value(_parts.Id);

    /// <summary>The method; null for responses. Those of the protocol are one instance each.</summary>
    public string? Method => _parts.Method;

    /// <summary>What the method addresses: <c>params.name</c> (tools/call, prompts/get), <c>params.uri</c> (resources/read, subscribe, unsubscribe, updated), <c>params.taskId</c> (tasks/*). Null for others.</summary>
    public string? Name => _parts.Name;

    /// <summary>The object <c>params</c>.</summary>
    public ReadOnlyMemory<byte> Params => _parts.Params.Of(Raw);

    /// <summary>The value of <c>params.arguments</c>: an object for tools/call and prompts/get.</summary>
    public ReadOnlyMemory<byte> Arguments => _parts.Arguments.Of(Raw);

    /// <summary>The object <c>params._meta</c>, or <c>result._meta</c> of a response.</summary>
    public ReadOnlyMemory<byte> Meta => _parts.Meta.Of(Raw);

    /// <summary>The object <c>result</c>.</summary>
    public ReadOnlyMemory<byte> Result => _parts.Result.Of(Raw);

    /// <summary>Where in <see cref="Raw"/> the result begins.</summary>
    internal int ResultStart => _parts.Result.Start;

    /// <summary>The object <c>error</c>.</summary>
    public ReadOnlyMemory<byte> Error => _parts.Error.Of(Raw);

    /// <summary><c>_meta["io.modelcontextprotocol/protocolVersion"]</c>; null when it is absent or no string.</summary>
    public string? MetaProtocolVersion => _parts.MetaProtocolVersion;

    /// <summary>True when <c>_meta["io.modelcontextprotocol/clientCapabilities"]</c> is an object.</summary>
    public bool MetaHasClientCapabilities => _parts.MetaHasCapabilities;

    /// <summary>The client's own word about itself, <c>name/version</c>, from <c>_meta</c> or from <c>initialize</c>. Allocates: read it once.</summary>
    public string? ClientName => _parts.ClientName.IsAbsent ? null : JoinClient();

    /// <summary><c>_meta.traceparent</c> (W3C Trace Context); null when it is absent, no string, or longer than 128 bytes. Not validated. Allocates: read it once.</summary>
    public string? TraceParent => Text(_parts.TraceParent);

    /// <summary><c>_meta.progressToken</c> of a request, <c>params.progressToken</c> of notifications/progress: a string that is text, or a number, raw.</summary>
    public RawJson? ProgressToken => Value(_parts.ProgressToken);

    /// <summary><c>_meta["io.modelcontextprotocol/subscriptionId"]</c>, raw: the id of the request whose stream a notification belongs to.</summary>
    public RawJson? SubscriptionId => Value(_parts.SubscriptionId);

    /// <summary><c>params.protocolVersion</c> of <c>initialize</c>, <c>result.protocolVersion</c> of its answer; null otherwise.</summary>
    public string? InitializeProtocolVersion => _parts.InitializeProtocolVersion;

    /// <summary><c>error.code</c>.</summary>
    public int? ErrorCode => _parts.ErrorCode;

    /// <summary><c>error.message</c>; null when there is none. Allocates: read it once.</summary>
    public string? ErrorMessage => Text(_parts.ErrorMessage);

    /// <summary>True when there are members besides those of JSON-RPC, or <c>params</c> in a response: no revision of the protocol has any.</summary>
    public bool IsExtended => _parts.IsExtended;

    /// <summary>True when <c>result.isError</c> is <c>true</c>.</summary>
    public bool IsToolError => _parts.IsToolError;

    /// <summary><c>result.resultType</c>: complete | input_required | task | an extension's; null when absent, which means complete.</summary>
    public string? ResultType => _parts.ResultType;

    /// <summary><c>params.requestId</c> of notifications/cancelled, raw.</summary>
    public RawJson? CancelledRequestId => Value(_parts.CancelledRequestId);

    /// <summary><c>requestState</c> of a result that needs input, or of the retry that brings it: what joins the rounds of one call. A raw JSON string.</summary>
    public RawJson? RequestState => Value(_parts.RequestState);

    /// <summary><c>taskId</c> of the result or of what asks about it: the task that a call became, as a raw JSON string. Before 2026-07-28 it stands in <c>result.task</c>.</summary>
    public RawJson? TaskId => Value(_parts.TaskId);

    /// <summary>
    /// The values by which the sides find again what they spoke of: <c>requestState</c>, <c>cursor</c> and <c>nextCursor</c>, <c>taskId</c>, that of <c>_meta["io.modelcontextprotocol/related-task"]</c> too.
    /// Raw JSON strings, opaque to all but the server that made them, which takes them back only as they were.
    /// </summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Handles => _parts is { RequestState.IsAbsent: true, Cursor.IsAbsent: true, TaskId.IsAbsent: true, RelatedTask.IsAbsent: true } ? [] : Present(_parts.RequestState, _parts.Cursor, _parts.TaskId, _parts.RelatedTask);

    private RawJson? Value(Slice slice) => slice.IsAbsent ? null : RawJson.FromTrusted(slice.Of(Raw));

    private string? Text(Slice slice) => slice.IsAbsent ? null : JsonText.Read(slice.Of(Raw.Span)[1..^1]);

    private List<ReadOnlyMemory<byte>> Present(params ReadOnlySpan<Slice> slices)
    {
        List<ReadOnlyMemory<byte>> present = [];
        foreach (var slice in slices)
        {
            if (!slice.IsAbsent)
            {
                present.Add(slice.Of(Raw));
            }
        }

        return present;
    }

    private string? JoinClient() => Text(_parts.ClientVersion) is { } version ? $"{Text(_parts.ClientName)}/{version}" : Text(_parts.ClientName);
}

/// <summary>What the reader found, as ranges and small values.</summary>
internal struct McpParts
{
    public McpKind Kind;
    public Slice Id;
    public Slice Params;
    public Slice Arguments;
    public Slice Meta;
    public Slice Result;
    public Slice Error;
    public Slice ClientName;
    public Slice ClientVersion;
    public Slice TraceParent;
    public Slice ProgressToken;
    public Slice SubscriptionId;
    public Slice CancelledRequestId;
    public Slice RequestState;
    public Slice TaskId;
    public Slice RelatedTask;
    public Slice Cursor;
    public Slice ErrorMessage;
    public string? Method;
    public string? Name;
    public string? MetaProtocolVersion;
    public string? InitializeProtocolVersion;
    public string? ResultType;
    public int? ErrorCode;
    public bool IsToolError;
    public bool MetaHasCapabilities;
    public bool IsExtended;
}
