using System.Buffers.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Mcp;

/// <summary>What kind of message the parts make, what it addresses, and the words for what is wrong with it.</summary>
internal ref partial struct McpReading
{
    private void Classify()
    {
        if (!_hasVersion)
        {
            Complain(McpErrors.InvalidRequest, "\"jsonrpc\" is missing. Add \"jsonrpc\":\"2.0\".");
        }

        var answers = !_parts.Result.IsAbsent || !_parts.Error.IsAbsent;
        if (!_method.IsAbsent && answers)
        {
            Complain(McpErrors.InvalidRequest, "The message has \"method\" and also \"result\" or \"error\". It is a request or a response, not both.");
        }
        else if (!_method.IsAbsent)
        {
            Call();
        }
        else if (answers)
        {
            Answer();
        }
        else
        {
            Complain(McpErrors.InvalidRequest, "The message has none of \"method\", \"result\" and \"error\". A request needs \"method\", a response one of the others.");
        }
    }

    private void Call()
    {
        _parts.Kind = _hasId ? McpKind.Request : McpKind.Notification;
        _parts.Method = Text(String(_method), limits.MaxNameBytes);
        if (_parts.Method is not { Length: > 0 })
        {
            Complain(McpErrors.InvalidRequest, $"\"method\" is {Shape(_method)}. It must be a string of 1 to {limits.MaxNameBytes} bytes.");
        }

        if (_hasId && _parts.Id.IsAbsent)
        {
            Complain(McpErrors.InvalidRequest, "\"id\" is null. A request's id is a string or an integer; a notification has none.");
        }

        // Two places with a meaning each: one message may have both, and which one counts must not hang on their order.
        _parts.ProgressToken = _hasId ? _metaProgressToken : _parts.Method == "notifications/progress" ? _progressToken : default;
        switch (_parts.Method)
        {
            case "tools/call" or "prompts/get":
                _parts.Name = Target("name", _name, limits.MaxNameBytes);
                if (!_parts.Arguments.IsAbsent && Object(_parts.Arguments).IsAbsent)
                {
                    Complain(McpErrors.InvalidParams, $"\"params.arguments\" is {Shape(_parts.Arguments)}. It must be an object, or be left out.");
                }

                break;
            case "resources/subscribe" or "resources/unsubscribe" when _uri.IsAbsent:
                // Whether the method exists at all is the era's to say, and comes before what it needs.
                break;
            case "resources/read" or "resources/subscribe" or "resources/unsubscribe" or "notifications/resources/updated":
                _parts.Name = Target("uri", _uri, limits.MaxUriBytes);
                break;
            case "tasks/get" or "tasks/update" or "tasks/cancel" or "tasks/result":
                _parts.Name = Target("taskId", _taskId, limits.MaxNameBytes);
                break;
            case "initialize":
                _parts.InitializeProtocolVersion = Text(String(_protocolVersion), limits.MaxNameBytes);
                break;
            default:
                break;
        }
    }

    private void Answer()
    {
        _parts.Kind = McpKind.Response;
        _parts.IsExtended |= !_parts.Params.IsAbsent;
        _parts.InitializeProtocolVersion = Text(String(_protocolVersion), limits.MaxNameBytes);
        if (!_parts.Result.IsAbsent && !_parts.Error.IsAbsent)
        {
            Complain(McpErrors.InvalidRequest, "The message has \"result\" and \"error\". A response has exactly one of them.");
        }
        else if (_parts.Error.IsAbsent && _parts.Id.IsAbsent)
        {
            Complain(McpErrors.InvalidRequest, "The response has a \"result\" but no \"id\". Repeat the request's id.");
        }
        else if (!_parts.Error.IsAbsent && _parts.ErrorCode is null)
        {
            Complain(McpErrors.InvalidRequest, "\"error.code\" is missing or no 32-bit integer. Send the code as an integer.");
        }
    }

    private string? Target(string member, Slice value, int maxBytes)
    {
        var text = Text(String(value), maxBytes);
        if (text is null)
        {
            Complain(McpErrors.InvalidParams, $"\"params.{member}\" is {Shape(value)}. {_parts.Method} needs a string of at most {maxBytes} bytes there.");
        }

        return text;
    }

    private void Other(bool isVariant, scoped ReadOnlySpan<byte> name)
    {
        if (isVariant)
        {
            _json.FlagVariant(name);
        }

        _json.Skip();
    }

    private Slice Value()
    {
        _json.Peek();
        var value = _json.Skip();
        return _json.IsStopped ? default : value;
    }

    private Slice Reject(string member, string rule)
    {
        var value = Value();
        Complain(member is "params" or "_meta" ? McpErrors.InvalidParams : McpErrors.InvalidRequest, $"\"{member}\" is {Shape(value)}. {rule}");
        return value;
    }

    private void Complain(int code, string complaint)
    {
        if (_complaint is null)
        {
            _complaint = complaint;
            _code = code;
        }
    }

    private readonly byte First(Slice value) => value.IsAbsent ? (byte)0 : _bytes[value.Start];

    private readonly Slice NotNull(Slice value) => First(value) == 'n' ? default : value;

    private readonly Slice Object(Slice value) => First(value) == '{' ? value : default;

    private readonly Slice String(Slice value) => First(value) == '"' ? value : default;

    private readonly Slice StringOrInteger(Slice value) => !value.IsAbsent && IsId(value.Of(_bytes)) ? value : default;

    /// <summary>A number, or a string that is text: what stands for no text would come back as something that no reader compares.</summary>
    private readonly Slice Token(Slice value) => First(value) switch
    {
        (byte)'"' => JsonText.IsText(value.Of(_bytes)[1..^1]) ? value : default,
        (byte)'-' or (>= (byte)'0' and <= (byte)'9') => value,
        _ => default,
    };

    private readonly Slice Display(Slice value) => value.Length <= limits.MaxNameBytes ? String(value) : default;

    private readonly string? Text(Slice value, int maxBytes) =>
        value.IsAbsent || value.Length - 2 > maxBytes ? null : McpNames.Read(value.Of(_bytes)[1..^1]);

    private readonly string Shape(Slice value) => value.IsAbsent ? "missing" : First(value) == '"' ? $"a string of {value.Length - 2} bytes" : Shape(First(value));

    private static string Shape(byte first) => first switch
    {
        (byte)'{' => "an object",
        (byte)'[' => "an array",
        (byte)'"' => "a string",
        (byte)'t' => "true",
        (byte)'f' => "false",
        (byte)'n' => "null",
        _ => "a number",
    };

    /// <summary>A string that is text, or an integer of 64 bits in the one spelling that every reader gives back: no fraction, no exponent, no minus zero.</summary>
    private static bool IsId(ReadOnlySpan<byte> raw) => !raw.IsEmpty && (raw[0] == '"'
        ? JsonText.IsText(raw[1..^1])
        : Utf8Parser.TryParse(raw, out long _, out var read) && read == raw.Length && !raw.SequenceEqual("-0"u8));

    private readonly RawJson? IdOf(Slice id) => id.IsAbsent ? null : RawJson.FromTrusted(id.Of(body));

    /// <summary>The id to echo beside a fault of the text: none when the text is no JSON or holds two ids; where reading stopped too early, it is looked for.</summary>
    private readonly RawJson? IdBeside(JsonFault fault)
    {
        if (fault.IsGrammar || _idIsTwice)
        {
            return null;
        }

        var id = _hasId ? _parts.Id : McpIdSearch.Find(_bytes);
        return id.IsAbsent || id.Length > limits.MaxNameBytes || McpReader.Validate(id.Of(body), limits).Kind != JsonFaultKind.None || !IsId(id.Of(_bytes))
            ? null
            : IdOf(id);
    }
}
