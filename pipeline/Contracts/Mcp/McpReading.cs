using System.Buffers.Text;

namespace McpLedger.Contracts.Mcp;

/// <summary>One pass over one message: object by object of the protocol, everything else passed over by <see cref="StrictJson.Skip"/>.</summary>
internal ref partial struct McpReading(ReadOnlyMemory<byte> body, McpLimits limits)
{
    private const int MaxTraceBytes = 130;

    private readonly ReadOnlySpan<byte> _bytes = body.Span;
    private StrictJson _json = new(body, limits);
    private McpParts _parts;
    private Slice _method;
    private Slice _name;
    private Slice _uri;
    private Slice _taskId;
    private Slice _protocolVersion;
    private Slice _progressToken;
    private Slice _metaProgressToken;
    private bool _hasVersion;
    private bool _hasId;
    private bool _idIsTwice;
    private string? _complaint;
    private int _code;

    public McpRead Run()
    {
        var first = _json.Peek();
        if (first == '{')
        {
            Envelope();
        }
        else
        {
            _json.Skip();
            Complain(McpErrors.InvalidRequest, first == '['
                ? "The body is an array. Only the revision 2025-03-26 knows arrays of messages: send one message."
                : $"The body is {Shape(first)}. Send one JSON-RPC message: an object.");
        }

        _json.End();
        if (_json.Fault is { Kind: not JsonFaultKind.None } fault)
        {
            return new(body, McpFaults.Of(fault, limits, IdBeside(fault)));
        }

        Classify();
        return _complaint is null
            ? new(new McpMessage(body, _parts))
            : new(body, new McpFault(McpFaults.BadRequest, _code, _complaint, IdOf(_parts.Id)));
    }

    public void Release() => _json.Release();

    private void Envelope()
    {
        var members = _json.Open(folds: true);
        while (_json.Next(ref members, out var name))
        {
            if (name.SequenceEqual("jsonrpc"u8))
            {
                _hasVersion = true;
                var value = Value();
                if (!value.Of(_bytes).SequenceEqual("\"2.0\""u8))
                {
                    Complain(McpErrors.InvalidRequest, $"\"jsonrpc\" is {Shape(value)}. It must be the string \"2.0\".");
                }
            }
            else if (name.SequenceEqual("id"u8))
            {
                Id();
            }
            else if (name.SequenceEqual("method"u8))
            {
                _method = Value();
            }
            else if (name.SequenceEqual("params"u8))
            {
                _parts.Params = Params();
            }
            else if (name.SequenceEqual("result"u8))
            {
                _parts.Result = Result();
            }
            else if (name.SequenceEqual("error"u8))
            {
                _parts.Error = Error();
            }
            else
            {
                _parts.IsExtended = true;
                Other(McpNames.IsEnvelopeVariant(name), name);
            }
        }
    }

    private void Id()
    {
        var value = Value();
        var raw = value.Of(_bytes);
        _idIsTwice = _hasId;
        _hasId = true;
        if (raw.Length > limits.MaxNameBytes)
        {
            Complain(McpErrors.InvalidRequest, $"\"id\" is longer than {limits.MaxNameBytes} bytes. Send a shorter one.");
        }
        else if (IsId(raw))
        {
            _parts.Id = value;
        }
        else if (!raw.SequenceEqual("null"u8))
        {
            Complain(McpErrors.InvalidRequest, $"\"id\" is {Shape(value)}. It must be a string or a 64-bit integer.");
        }
    }

    private Slice Params()
    {
        if (_json.Peek() != '{')
        {
            return Reject("params", "It must be an object, or be left out.");
        }

        var start = _json.At;
        var members = _json.Open(folds: true);
        while (_json.Next(ref members, out var name))
        {
            if (name.SequenceEqual("name"u8))
            {
                _name = Value();
            }
            else if (name.SequenceEqual("arguments"u8))
            {
                _parts.Arguments = NotNull(Value());
            }
            else if (name.SequenceEqual("_meta"u8))
            {
                _parts.Meta = Meta();
            }
            else if (name.SequenceEqual("uri"u8))
            {
                _uri = Value();
            }
            else if (name.SequenceEqual("taskId"u8))
            {
                _taskId = Value();
                _parts.TaskId = String(_taskId);
            }
            else if (name.SequenceEqual("cursor"u8))
            {
                _parts.Cursor = String(Value());
            }
            else if (name.SequenceEqual("clientInfo"u8))
            {
                Client();
            }
            else if (name.SequenceEqual("protocolVersion"u8))
            {
                _protocolVersion = Value();
            }
            else if (name.SequenceEqual("requestId"u8))
            {
                _parts.CancelledRequestId = StringOrInteger(Value());
            }
            else if (name.SequenceEqual("progressToken"u8))
            {
                _progressToken = Token(Value());
            }
            else if (name.SequenceEqual("requestState"u8))
            {
                _parts.RequestState = String(Value());
            }
            else
            {
                Other(McpNames.IsParamsVariant(name), name);
            }
        }

        return new(start, _json.At - start);
    }

    private Slice Meta()
    {
        if (_json.Peek() != '{')
        {
            return _bytes[_json.At..].StartsWith("null"u8) ? NotNull(Value()) : Reject("_meta", "It must be an object, or be left out.");
        }

        var start = _json.At;
        var members = _json.Open(folds: true);
        while (_json.Next(ref members, out var name))
        {
            if (name.SequenceEqual("io.modelcontextprotocol/protocolVersion"u8))
            {
                _parts.MetaProtocolVersion = Text(String(Value()), limits.MaxNameBytes);
            }
            else if (name.SequenceEqual("io.modelcontextprotocol/clientCapabilities"u8))
            {
                _parts.MetaHasCapabilities = !Object(Value()).IsAbsent;
            }
            else if (name.SequenceEqual("io.modelcontextprotocol/clientInfo"u8))
            {
                Client();
            }
            else if (name.SequenceEqual("io.modelcontextprotocol/subscriptionId"u8))
            {
                _parts.SubscriptionId = StringOrInteger(Value());
            }
            else if (name.SequenceEqual("io.modelcontextprotocol/related-task"u8))
            {
                Task(ref _parts.RelatedTask);
            }
            else if (name.SequenceEqual("progressToken"u8))
            {
                _metaProgressToken = Token(Value());
            }
            else if (name.SequenceEqual("traceparent"u8))
            {
                var value = String(Value());
                _parts.TraceParent = value.Length <= MaxTraceBytes ? value : default;
            }
            else
            {
                Other(McpNames.IsMetaVariant(name), name);
            }
        }

        return new(start, _json.At - start);
    }

    private void Client()
    {
        if (_json.Peek() != '{')
        {
            _json.Skip();
            return;
        }

        var members = _json.Open(folds: true);
        while (_json.Next(ref members, out var name))
        {
            if (name.SequenceEqual("name"u8))
            {
                _parts.ClientName = Display(Value());
            }
            else if (name.SequenceEqual("version"u8))
            {
                _parts.ClientVersion = Display(Value());
            }
            else
            {
                _json.Skip();
            }
        }
    }

    private void Task(ref Slice id)
    {
        if (_json.Peek() != '{')
        {
            _json.Skip();
            return;
        }

        var members = _json.Open(folds: true);
        while (_json.Next(ref members, out var name))
        {
            if (name.SequenceEqual("taskId"u8))
            {
                id = String(Value());
            }
            else
            {
                _json.Skip();
            }
        }
    }

    private Slice Result()
    {
        if (_json.Peek() != '{')
        {
            return Reject("result", "It must be an object.");
        }

        var start = _json.At;
        var members = _json.Open(folds: true);
        while (_json.Next(ref members, out var name))
        {
            if (name.SequenceEqual("isError"u8))
            {
                _parts.IsToolError = Value().Of(_bytes).SequenceEqual("true"u8);
            }
            else if (name.SequenceEqual("resultType"u8))
            {
                var value = Value();
                _parts.ResultType = Text(String(value), limits.MaxNameBytes);
                if (_parts.ResultType is null)
                {
                    Complain(McpErrors.InvalidRequest, $"\"resultType\" is {Shape(value)}. It must be a string of at most {limits.MaxNameBytes} bytes.");
                }
            }
            else if (name.SequenceEqual("protocolVersion"u8))
            {
                _protocolVersion = Value();
            }
            else if (name.SequenceEqual("taskId"u8))
            {
                _parts.TaskId = String(Value());
            }
            else if (name.SequenceEqual("task"u8))
            {
                Task(ref _parts.TaskId);
            }
            else if (name.SequenceEqual("nextCursor"u8))
            {
                _parts.Cursor = String(Value());
            }
            else if (name.SequenceEqual("requestState"u8))
            {
                _parts.RequestState = String(Value());
            }
            else if (name.SequenceEqual("_meta"u8))
            {
                _parts.Meta = Meta();
            }
            else
            {
                Other(McpNames.IsResultVariant(name), name);
            }
        }

        return new(start, _json.At - start);
    }

    private Slice Error()
    {
        if (_json.Peek() != '{')
        {
            return Reject("error", "It must be an object with \"code\" and \"message\".");
        }

        var start = _json.At;
        var members = _json.Open(folds: true);
        while (_json.Next(ref members, out var name))
        {
            if (name.SequenceEqual("code"u8))
            {
                var raw = Value().Of(_bytes);
                _parts.ErrorCode = Utf8Parser.TryParse(raw, out int code, out var read) && read == raw.Length ? code : null;
            }
            else if (name.SequenceEqual("message"u8))
            {
                _parts.ErrorMessage = String(Value());
            }
            else
            {
                Other(McpNames.IsErrorVariant(name), name);
            }
        }

        return new(start, _json.At - start);
    }
}
