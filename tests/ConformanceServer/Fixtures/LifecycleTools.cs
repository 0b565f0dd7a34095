using System.ComponentModel;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>Tools through which the suite watches what the framework does around a call.</summary>
[McpServerToolType]
internal sealed class LifecycleTools
{
    private const string Reconnection = "test_reconnection";

    /// <summary>Ends the stream of <c>test_reconnection</c> before its answer, so that the client must come back for it (SSE polling).</summary>
    public static void AddPolling(IMcpRequestFilterBuilder filters) =>
        filters.AddCallToolFilter(next => async (request, cancel) =>
        {
            var result = await next(request, cancel);
            if (request.Params.Name == Reconnection)
            {
                await request.EnablePollingAsync(TimeSpan.FromMilliseconds(500), cancel);
            }

            return result;
        });

    [McpServerTool(Name = Reconnection), Description("Answers on a stream that the client has to resume")]
    public static string TestReconnection() => "Reconnection test completed successfully";

    [McpServerTool(Name = "test_missing_capability"), Description("Needs the sampling capability")]
    public static string MissingCapability(RequestContext<CallToolRequestParams> context) =>
        context.Server.ClientCapabilities?.Sampling is null
            ? throw new MissingRequiredClientCapabilityException(new ClientCapabilities { Sampling = new() }, "This tool needs the sampling capability.")
            : "The client can sample.";

    [McpServerTool(Name = "test_streaming_elicitation"), Description("Answers without asking anything on the stream")]
    public static string StreamingElicitation() => "The stream carried no request.";

    [McpServerTool(Name = "test_logging_tool"), Description("Logs; the message is only for clients that asked for it")]
    public static string LoggingTool(RequestContext<CallToolRequestParams> context)
    {
#pragma warning disable CA1848, CA1873 // The message goes to the client as content.
        context.Server.AsClientLoggerProvider().CreateLogger("conformance").LogInformation("test_logging_tool ran");
#pragma warning restore CA1848, CA1873
        return "Logged.";
    }
}
