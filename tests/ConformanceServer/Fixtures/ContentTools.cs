using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>Tools whose answer is the point: every kind of content, an error, progress, log messages.</summary>
[McpServerToolType]
internal sealed class ContentTools
{
    private static readonly TimeSpan BetweenMessages = TimeSpan.FromMilliseconds(50);

    [McpServerTool(Name = "test_simple_text"), Description("Answers with one text")]
    public static string SimpleText() => "This is a simple text response for testing.";

    [McpServerTool(Name = "test_image_content"), Description("Answers with an image")]
    public static ImageContentBlock ImageContent() => Samples.Image();

    [McpServerTool(Name = "test_audio_content"), Description("Answers with audio")]
    public static AudioContentBlock AudioContent() => new() { Data = Samples.Wav, MimeType = "audio/wav" };

    [McpServerTool(Name = "test_embedded_resource"), Description("Answers with an embedded resource")]
    public static EmbeddedResourceBlock EmbeddedResource() =>
        Samples.Embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.");

    [McpServerTool(Name = "test_multiple_content_types"), Description("Answers with text, an image and a resource")]
    public static ContentBlock[] MultipleContentTypes() =>
    [
        Samples.Text("Multiple content types test:"),
        Samples.Image(),
        Samples.Embedded("test://mixed-content-resource", "application/json", """{"test":"data","value":123}"""),
    ];

    [McpServerTool(Name = "test_error_handling"), Description("Always answers with a tool error")]
    public static CallToolResult ErrorHandling() =>
        new() { IsError = true, Content = [Samples.Text("This tool intentionally returns an error for testing")] };

    [McpServerTool(Name = "test_tool_with_logging"), Description("Sends three log messages before it answers")]
    public static async Task<string> WithLogging(RequestContext<CallToolRequestParams> context, CancellationToken cancellationToken)
    {
        var log = context.Server.AsClientLoggerProvider().CreateLogger("conformance");
        foreach (var line in (string[])["Tool execution started", "Tool processing data", "Tool execution completed"])
        {
#pragma warning disable CA1848, CA2254, CA1873 // The messages go to the client as content; there is no log here to be structured.
            log.LogInformation(line);
#pragma warning restore CA1848, CA2254, CA1873
            await Task.Delay(BetweenMessages, cancellationToken);
        }

        return "Tool with logging executed successfully";
    }

    [McpServerTool(Name = "test_tool_with_progress"), Description("Reports progress of 0, 50 and 100 before it answers")]
    public static async Task<string> WithProgress(RequestContext<CallToolRequestParams> context, CancellationToken cancellationToken)
    {
        if (context.Params.ProgressToken is not { } token)
        {
            return "No progress token was given";
        }

        foreach (var done in (float[])[0, 50, 100])
        {
            await context.Server.NotifyProgressAsync(token, new() { Progress = done, Total = 100 }, cancellationToken: cancellationToken);
            await Task.Delay(BetweenMessages, cancellationToken);
        }

        return $"Progress was reported for {token}";
    }

    [McpServerTool(Name = "test_header_tool"), Description("Takes an argument that clients mirror in a header")]
    public static string Header([McpHeader("Region"), Description("Region")] string region, [Description("Query")] string query) =>
        $"{query} ran in {region}";
}
