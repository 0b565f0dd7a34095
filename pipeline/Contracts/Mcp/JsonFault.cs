namespace McpLedger.Contracts.Mcp;

/// <summary>What is wrong with a JSON text.</summary>
internal enum JsonFaultKind
{
    None = 0,
    Malformed,
    InvalidUtf8,
    ByteOrderMark,
    Trailing,
    TooDeep,
    TooMany,
    NameTooLong,
    NameNotUnicode,
    Duplicate,
    CaseVariant,
}

/// <summary>What is wrong, and where.</summary>
/// <param name="Kind">What.</param>
/// <param name="At">Offset in bytes.</param>
/// <param name="Name">The member concerned; null where there is none, or where it is not to be told.</param>
internal readonly record struct JsonFault(JsonFaultKind Kind, int At, string? Name)
{
    /// <summary>True when the text is no JSON (RFC 8259), as opposed to JSON that is not accepted here.</summary>
    public bool IsGrammar => Kind is JsonFaultKind.Malformed or JsonFaultKind.InvalidUtf8 or JsonFaultKind.ByteOrderMark or JsonFaultKind.Trailing;

    private string Member => Name is null ? "A member" : $"The member \"{Name}\"";

    /// <summary>In words.</summary>
    public string Describe(McpLimits limits) => Kind switch
    {
        JsonFaultKind.InvalidUtf8 => $"The body is not UTF-8: byte {At} begins no character. Encode it as UTF-8.",
        JsonFaultKind.ByteOrderMark => "The body begins with a byte order mark. Send UTF-8 without one.",
        JsonFaultKind.Trailing => $"Something follows the message at byte {At}. Send one JSON value.",
        JsonFaultKind.TooDeep => $"The message nests deeper than {limits.MaxDepth} levels at byte {At}. Flatten it.",
        JsonFaultKind.TooMany => $"The message holds more than {limits.MaxNodes} values. Split it.",
        JsonFaultKind.NameTooLong => $"A member name at byte {At} is longer than {limits.MaxNameBytes} bytes. Shorten it.",
        JsonFaultKind.NameNotUnicode => $"A member name at byte {At} holds half a surrogate pair. Write whole characters.",
        JsonFaultKind.Duplicate => $"{Member} stands twice in one object, letter case aside where the protocol names the members (before byte {At}). Send it once: readers differ in which one they take.",
        JsonFaultKind.CaseVariant => $"{Member} (byte {At}) differs only in case from a member of the protocol. Use the protocol's spelling.",
        _ => $"The body is not JSON at byte {At}.",
    };
}
