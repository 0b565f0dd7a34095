using System.Text.Json.Serialization;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Findings;
using McpLedger.Projections.Keys;
using McpLedger.Projections.Partitions;
using McpLedger.Projections.Principals;
using McpLedger.Projections.Search;
using McpLedger.Projections.Sessions;
using McpLedger.Projections.Tail;
using McpLedger.Projections.ToolCatalog;

namespace McpLedger.Projections.Api;

/// <summary>How the API writes its answers.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SearchPage))]
[JsonSerializable(typeof(Hit))]
[JsonSerializable(typeof(TailEnd))]
[JsonSerializable(typeof(object))]
[JsonSerializable(typeof(CallDetail))]
[JsonSerializable(typeof(SessionDetail))]
[JsonSerializable(typeof(ViewPage<CallView>))]
[JsonSerializable(typeof(ViewPage<SessionView>))]
[JsonSerializable(typeof(ViewPage<PrincipalView>))]
[JsonSerializable(typeof(ViewPage<ToolView>))]
[JsonSerializable(typeof(IReadOnlyList<DefinitionStep>))]
[JsonSerializable(typeof(ViewPage<KeyView>))]
[JsonSerializable(typeof(IReadOnlyList<PartitionView>))]
[JsonSerializable(typeof(ViewPage<WriterView>))]
[JsonSerializable(typeof(IReadOnlyList<FieldLine>))]
[JsonSerializable(typeof(IReadOnlyList<ParkedLine>))]
[JsonSerializable(typeof(ToolView))]
[JsonSerializable(typeof(FindingView))]
[JsonSerializable(typeof(ViewPage<FindingView>))]
[JsonSerializable(typeof(EventDetail))]
[JsonSerializable(typeof(ProjectionStatus))]
[JsonSerializable(typeof(RebuildAnswer))]
[JsonSerializable(typeof(IndexAnswer))]
[JsonSerializable(typeof(ReplayReport))]
internal sealed partial class ApiJson : JsonSerializerContext;
