using System.Text.Json.Serialization;

namespace McpLedger.Contracts.Mcp;

/// <summary>The <c>data</c> of <see cref="McpErrors.UnsupportedProtocolVersion"/>.</summary>
internal sealed record UnsupportedVersion(IReadOnlyList<string> Supported, string Requested);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(UnsupportedVersion))]
internal sealed partial class McpJson : JsonSerializerContext;
