using System.Collections.Concurrent;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;
using McpLedger.Gateway.Capture;

namespace McpLedger.Gateway.Upstreams;

/// <summary>
/// The protocol revisions that servers said they speak, as far as an answer to <c>server/discover</c> passed through here. Nothing is decided by it:
/// it only makes the answer to a client of another revision tell what the server would have told.
/// </summary>
internal sealed class SpokenVersions
{
    private const int LongestShown = 32;
    private readonly ConcurrentDictionary<string, string[]> _spoken = new(StringComparer.Ordinal);

    /// <summary>Takes note of an answer to <c>server/discover</c>.</summary>
    public void Learn(Call call, in McpMessage answer)
    {
        if (call.Message.Method != "server/discover" || answer.Result.IsEmpty)
        {
            return;
        }

        using var result = JsonDocument.Parse(answer.Result, new() { MaxDepth = call.Exchange.Gateway.Limits.MaxDepth });
        if (result.RootElement.TryGetProperty("supportedVersions", out var versions) && versions.ValueKind == JsonValueKind.Array)
        {
            _spoken[call.Exchange.ServerName] =
                [.. McpRevisions.Supported.Intersect(versions.EnumerateArray().Select(Read).OfType<string>(), StringComparer.Ordinal)];
        }
    }

    /// <summary>A revision that a server names; null for what is none: a date needs no escapes, and what stands behind them need not be text.</summary>
    public static string? Read(JsonElement version) =>
        version.ValueKind == JsonValueKind.String && version.GetRawText() is { Length: <= LongestShown + 2 } raw && !raw.Contains('\\', StringComparison.Ordinal) ? raw[1..^1] : null;

    /// <summary>The <c>data</c> of the error about a revision that is not served.</summary>
    /// <returns>Null when the server never said what it speaks.</returns>
    public RawJson? Narrow(string server, string requested)
    {
        if (!_spoken.TryGetValue(server, out var spoken))
        {
            return null;
        }

        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("supported"u8);
            foreach (var version in spoken)
            {
                json.WriteStringValue(version);
            }

            json.WriteEndArray();
            json.WriteString("requested"u8, requested.Length <= LongestShown ? requested : requested[..LongestShown]);
            json.WriteEndObject();
        }

        return RawJson.FromTrusted(stream.ToArray());
    }
}
