namespace McpLedger.Detectors.Text;

/// <summary>The words that the protocol and JSON Schema put into every message: as names, and as values of a few of them, they say nothing.</summary>
internal static class JsonWords
{
    private static readonly byte[][][] Names = ByLength(
        "jsonrpc id method params result error code message data type text content structuredContent isError _meta annotations audience priority lastModified uri mimeType blob resource resources "
        + "resourceTemplates uriTemplate contents tools tool name title description inputSchema outputSchema properties required items additionalProperties enum enumNames default examples const oneOf anyOf "
        + "allOf not if then else $schema $id $ref $defs $comment definitions patternProperties prefixItems minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems uniqueItems "
        + "multipleOf pattern format readOnly writeOnly deprecated readOnlyHint destructiveHint idempotentHint openWorldHint execution taskSupport icons src sizes theme prompts prompt messages role arguments "
        + "nextCursor cursor progressToken progress total level logger capabilities serverInfo clientInfo protocolVersion instructions version websiteUrl listChanged subscribe resultType requestState "
        + "inputRequests inputResponses taskId status statusMessage createdAt lastUpdatedAt ttl pollInterval completion values hasMore roots sampling elicitation");

    private static readonly byte[][][] ValuedNames = ByLength("jsonrpc type role mimeType resultType method protocolVersion format $schema taskSupport status level");

    private static readonly byte[][][] Values = ByLength(
        "2.0 text string object number integer boolean array null user assistant image audio resource resource_link text/plain text/markdown text/html application/json image/png image/jpeg complete "
        + "input_required task tools/call tools/list prompts/get prompts/list resources/read resources/list initialize 2025-03-26 2025-06-18 2025-11-25 2026-07-28 date-time date email uri uuid optional "
        + "required forbidden working completed failed cancelled debug info notice warning error critical alert emergency http://json-schema.org/draft-07/schema# "
        + "https://json-schema.org/draft/2020-12/schema");

    /// <summary>True for a name that a specification gave.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) => Contains(Names, name);

    /// <summary>True for a value that a specification gave, where one stands.</summary>
    public static bool IsValue(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value) => Contains(Values, value) && Contains(ValuedNames, name);

    private static bool Contains(byte[][][] words, ReadOnlySpan<byte> word)
    {
        if (word.Length >= words.Length)
        {
            return false;
        }

        foreach (var known in words[word.Length])
        {
            if (word.SequenceEqual(known))
            {
                return true;
            }
        }

        return false;
    }

    private static byte[][][] ByLength(string words)
    {
        var all = words.Split(' ').Select(System.Text.Encoding.UTF8.GetBytes).ToArray();
        return [.. Enumerable.Range(0, all.Max(word => word.Length) + 1).Select(length => all.Where(word => word.Length == length).ToArray())];
    }
}
