using System.Text.Json.Serialization;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Folds;

/// <summary>The one serialisation of views.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(CallView))]
[JsonSerializable(typeof(LateAnswers))]
[JsonSerializable(typeof(SessionView))]
[JsonSerializable(typeof(PrincipalView))]
[JsonSerializable(typeof(ToolView))]
[JsonSerializable(typeof(KeyView))]
[JsonSerializable(typeof(FindingView))]
[JsonSerializable(typeof(PartitionView))]
[JsonSerializable(typeof(WriterView))]
internal sealed partial class ViewJson : JsonSerializerContext;
