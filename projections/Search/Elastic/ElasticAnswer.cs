using System.Text.Json;

namespace McpLedger.Projections.Search.Elastic;

/// <summary>What the engine answered.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Body">The body, bounded.</param>
internal readonly record struct ElasticAnswer(int Status, ReadOnlyMemory<byte> Body)
{
    private const int LongestReason = 500;
    private const int Deepest = 128;

    public bool Succeeded => Status is >= 200 and < 300;

    /// <exception cref="ElasticException">It is no JSON.</exception>
    public JsonDocument Read()
    {
        try
        {
            return JsonDocument.Parse(Body, new() { MaxDepth = Deepest });
        }
        catch (JsonException e)
        {
            throw new ElasticException($"The search engine answered {Status} with what is no JSON: {e.Message}", e);
        }
    }

    /// <summary>The engine's reason, for people; bounded.</summary>
    public string Reason()
    {
        try
        {
            using var document = Read();
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error) ? ReasonOf(error) : $"{Status}";
        }
        catch (ElasticException)
        {
            return $"{Status}, no JSON";
        }
    }

    /// <summary>Kind of the error: <c>index_not_found_exception</c>; empty when it says none, as a proxy before the engine does.</summary>
    public string Kind()
    {
        try
        {
            using var document = Read();
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("error", out var error) ? KindOf(error) : "";
        }
        catch (ElasticException)
        {
            return "";
        }
    }

    public static string KindOf(JsonElement error) => Member(error, "type") ?? "";

    public static string ReasonOf(JsonElement error)
    {
        var reason = error.ValueKind == JsonValueKind.String ? error.GetString()! : $"{Member(error, "type")}: {Member(error, "reason")}";
        if (error.ValueKind == JsonValueKind.Object && error.TryGetProperty("caused_by", out var cause) && Member(cause, "reason") is { } why)
        {
            reason = $"{reason} ({why})";
        }

        return reason.Length <= LongestReason ? reason : reason[..LongestReason] + "…";
    }

    private static string? Member(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
}
