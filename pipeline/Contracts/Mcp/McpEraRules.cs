using System.Text.Json;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Mcp;

/// <summary>
/// Which era a request speaks, and whether its headers say what its body says. Whoever decides by the body must check the headers that intermediaries decide by
/// (2026-07-28, Streamable HTTP); on legacy revisions those headers mean nothing and are not looked at.
/// </summary>
public static class McpEraRules
{
    private const int BadRequest = 400;
    private const int NotFound = 404;

    private const string VersionHeader = "MCP-Protocol-Version";
    private const string MethodHeader = "Mcp-Method";
    private const string NameHeader = "Mcp-Name";
    /// <summary>What HTTP does not count as part of a header's value (RFC 9110 §5.6.3).</summary>
    private const string OptionalWhiteSpace = " \t";

    private const string VersionMember = "_meta[\"io.modelcontextprotocol/protocolVersion\"]";

    /// <summary>Checks one POST, in the order of the official handler: version known, version equal, headers equal, <c>_meta</c> complete, method not removed.</summary>
    /// <param name="message">What the body says.</param>
    /// <param name="headers">What the headers say.</param>
    /// <param name="era">The era it speaks; told even when it is refused, as far as it can be.</param>
    /// <param name="protocol">The revision it speaks: the header's; the one asked for by <c>initialize</c>; 2025-03-26 where nothing tells.</param>
    /// <returns>Null when it may go on.</returns>
    public static McpFault? Check(in McpMessage message, in McpRequestHeaders headers, out McpEra era, out string protocol)
    {
        var version = string.IsNullOrEmpty(headers.ProtocolVersion) ? null : headers.ProtocolVersion;
        protocol = version ?? message.InitializeProtocolVersion ?? McpRevisions.Assumed;
        era = McpRevisions.IsModern(version ?? message.MetaProtocolVersion ?? McpRevisions.Assumed) ? McpEra.Modern : McpEra.Legacy;
        if (headers.Repeated is { } repeated && (era == McpEra.Modern || repeated.Equals(VersionHeader, StringComparison.OrdinalIgnoreCase)))
        {
            return Mismatch(message, $"The header {repeated} came more than once. Send it once.");
        }

        if (version is not null && !McpRevisions.Supported.Contains(version, StringComparer.Ordinal))
        {
            return Unsupported(message, version);
        }

        if (era == McpEra.Legacy)
        {
            return message.MetaProtocolVersion is { } meta && McpRevisions.IsModern(meta) ? Version(message, version) : null;
        }

        return Version(message, version) ?? Mirrors(message, headers) ?? Capabilities(message) ?? Removed(message);
    }

    /// <summary>Whether <c>Mcp-Name</c> says what the body says: of a method that has no name nobody held it to anything.</summary>
    public static bool MirrorsName(in McpMessage message) => MirroredMember(message.Method) is not null;

    private static McpFault? Version(in McpMessage message, string? version)
    {
        if (version is null)
        {
            return Mismatch(message, $"The header {VersionHeader} is missing, while {VersionMember} is \"{message.MetaProtocolVersion}\". Send the header with that value.");
        }

        if (message.Kind == McpKind.Response)
        {
            return new(BadRequest, McpErrors.InvalidRequest, $"The body is a response. In {version} a client sends requests: answer what a server asked for by a retry with \"inputResponses\".", message.Id);
        }

        if (message.MetaProtocolVersion is not { } meta)
        {
            // A notification may do without: nobody would get the error, and a lost one leaves work running.
            return message.Kind == McpKind.Notification
                ? null
                : McpFaults.InvalidParams($"\"params.{VersionMember}\" is missing or no string. Every request of {McpRevisions.FirstModern} carries it.", message.Id);
        }

        return meta == version
            ? null
            : Mismatch(message, $"The header {VersionHeader} is \"{version}\", while {VersionMember} is \"{Shown(meta)}\". Make them equal.");
    }

    private static McpFault? Mirrors(in McpMessage message, in McpRequestHeaders headers)
    {
        if (headers.Method is null)
        {
            return Mismatch(message, $"The header {MethodHeader} is missing. Send it with the value of \"method\".");
        }

        if (headers.Method.AsSpan().Trim(OptionalWhiteSpace) is var method && !method.SequenceEqual(message.Method))
        {
            return Mismatch(message, $"The header {MethodHeader} is not the \"method\" of the body. Make them equal, letter case included.");
        }

        if (MirroredMember(message.Method) is not { } member)
        {
            return null;
        }

        if (headers.Name is null)
        {
            return Mismatch(message, $"The header {NameHeader} is missing. Send it with the value of \"params.{member}\".");
        }

        if (!McpHeaderValue.TryDecode(headers.Name.Trim(' ', '\t'), out var name))
        {
            return Mismatch(message, $"The header {NameHeader} is no header value of the protocol. Visible ASCII stands as it is; encode everything else as =?base64?…?= around UTF-8.");
        }

        return name == message.Name ? null : Mismatch(message, $"The header {NameHeader} is not \"params.{member}\" of the body. Make them equal, letter case included.");
    }

    private static McpFault? Capabilities(in McpMessage message) => message.Kind != McpKind.Request || message.MetaHasClientCapabilities
        ? null
        : McpFaults.InvalidParams(
            $"\"params._meta[\\\"io.modelcontextprotocol/clientCapabilities\\\"]\" is missing or no object. Every request of {McpRevisions.FirstModern} carries it; {{}} will do.",
            message.Id);

    private static McpFault? Removed(in McpMessage message) => message.Method is "initialize" or "notifications/initialized" or "ping" or "logging/setLevel"
        or "resources/subscribe" or "resources/unsubscribe" or "notifications/roots/list_changed" or "tasks/list" or "tasks/result"
        ? new(NotFound, McpErrors.MethodNotFound, $"The method \"{message.Method}\" does not exist in {McpRevisions.FirstModern}. Use it with a revision before that, or do without.", message.Id)
        : null;

    private static string? MirroredMember(string? method) => method switch
    {
        "tools/call" or "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" or "tasks/update" or "tasks/cancel" => "taskId",
        _ => null,
    };

    private static McpFault Unsupported(in McpMessage message, string version)
    {
        var shown = Shown(version);
        var data = JsonSerializer.SerializeToUtf8Bytes(new UnsupportedVersion(McpRevisions.Supported, shown), McpJson.Default.UnsupportedVersion);
        return new(BadRequest, McpErrors.UnsupportedProtocolVersion, $"The revision \"{shown}\" is not served. Use one of {string.Join(", ", McpRevisions.Supported)}.", message.Id)
        {
            Data = RawJson.FromTrusted(data),
        };
    }

    private static McpFault Mismatch(in McpMessage message, string text) => new(BadRequest, McpErrors.HeaderMismatch, text, message.Id);

    /// <summary>A version is a date; whatever else a client sends is not repeated at length.</summary>
    private static string Shown(string version) => version.Length <= 32 ? version : version[..32] + "…";
}
