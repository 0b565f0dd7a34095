using System.Collections.Immutable;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>Which era a server speaks, and the revisions it named.</summary>
internal sealed record ServerEra(McpEra Era, ImmutableArray<string> Versions)
{
    private const string LastLegacy = "2025-11-25";

    /// <summary>
    /// Asks a fresh link: <c>server/discover</c> first, then <c>initialize</c> (2026-07-28, stdio transport: silence or any error that is no modern one means legacy).
    /// Null when it answers neither, or says nothing at all for <paramref name="patience"/> each.
    /// </summary>
    public static async ValueTask<ServerEra?> AskAsync(IMessageLink link, TimeSpan patience, TimeProvider time, bool discover, CancellationToken cancellationToken)
    {
        if (discover && await AskAsync(link, Discover, patience, time, cancellationToken) is { } answer)
        {
            var versions = VersionsOf(answer);
            if (!answer.Result.IsEmpty || answer.ErrorCode == McpErrors.UnsupportedProtocolVersion)
            {
                return versions.Any(McpRevisions.IsModern) || (versions.IsEmpty && !answer.Result.IsEmpty)
                    ? new(McpEra.Modern, versions)
                    : new(McpEra.Legacy, versions.IsEmpty ? [LastLegacy] : versions);
            }
        }

        return await AskAsync(link, Initialize, patience, time, cancellationToken) is { InitializeProtocolVersion: { } legacy } ? new(McpEra.Legacy, [legacy]) : null;
    }

    /// <summary>What a modern request to a legacy server is told, so that its client starts anew with <c>initialize</c> (2026-07-28, versioning).</summary>
    public BridgeAnswer Refuse(RawJson? id, string requested)
    {
        var data = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object> { ["supported"] = Versions, ["requested"] = requested });
        var body = McpErrors.Write(
            id, McpErrors.UnsupportedProtocolVersion, $"This server speaks {string.Join(", ", Versions)} and not {requested}. Start with initialize.", RawJson.FromTrusted(data));
        return new(400, null, "application/json", new MemoryStream(body, writable: false), null);
    }

    private static byte[] Discover { get; } =
        """{"jsonrpc":"2.0","id":"mcpledger-discover","method":"server/discover","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"mcpledger","version":"0.1.0"},"io.modelcontextprotocol/clientCapabilities":{}}}}"""u8.ToArray();

    private static byte[] Initialize { get; } =
        """{"jsonrpc":"2.0","id":"mcpledger-initialize","method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"mcpledger","version":"0.1.0"}}}"""u8.ToArray();

    private static async ValueTask<McpMessage?> AskAsync(IMessageLink link, byte[] question, TimeSpan patience, TimeProvider time, CancellationToken cancellationToken)
    {
        var id = McpReader.Read(question, McpLimits.Default).Message.Id;
        using var silence = new CancellationTokenSource(patience, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            if (await link.SendAsync(question, end.Token) is not null)
            {
                return null;
            }

            while (await link.ReadAsync(end.Token) is { } line)
            {
                if (McpReader.Read(line, McpLimits.Default) is { IsRead: true, Message: { Kind: McpKind.Response } answer } && MessageKey.From(answer.Id) == MessageKey.From(id))
                {
                    return answer;
                }
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Silence is an answer here.
        }

        return null;
    }

    private static ImmutableArray<string> VersionsOf(in McpMessage answer)
    {
        var (json, name) = answer.Result.IsEmpty ? (answer.Error, "data") : (answer.Result, "supportedVersions");
        if (json.IsEmpty)
        {
            return [];
        }

        using var document = JsonDocument.Parse(json);
        return document.RootElement.TryGetProperty(name, out var found) && (found.ValueKind != JsonValueKind.Object || found.TryGetProperty("supported", out found)) && found.ValueKind == JsonValueKind.Array
            ? [.. found.EnumerateArray().Select(SpokenVersions.Read).OfType<string>().Take(16)]
            : [];
    }
}
