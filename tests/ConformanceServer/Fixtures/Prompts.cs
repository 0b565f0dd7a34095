using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

namespace McpLedger.ConformanceServer.Fixtures;

[McpServerPromptType]
internal sealed class Prompts
{
    [McpServerPrompt(Name = "test_simple_prompt"), Description("A prompt without arguments")]
    public static string Simple() => "This is a simple prompt for testing.";

    [McpServerPrompt(Name = "test_prompt_with_arguments"), Description("A prompt with two arguments")]
    public static string WithArguments([Description("First argument")] string arg1, [Description("Second argument")] string arg2) =>
        $"Prompt with arguments: arg1='{arg1}', arg2='{arg2}'";

    [McpServerPrompt(Name = "test_prompt_with_embedded_resource"), Description("A prompt that embeds a resource")]
    public static PromptMessage[] WithResource([Description("URI of the resource")] string resourceUri) =>
    [
        User(Samples.Embedded(resourceUri, "text/plain", "Embedded resource content for testing.")),
        User(Samples.Text("Please process the embedded resource above.")),
    ];

    [McpServerPrompt(Name = "test_prompt_with_image"), Description("A prompt with an image")]
    public static PromptMessage[] WithImage() => [User(Samples.Image()), User(Samples.Text("Please analyze the image above."))];

    [McpServerPrompt(Name = "test_input_required_result_prompt"), Description("A prompt that needs an answer first")]
    public static GetPromptResult InputRequired(RequestContext<GetPromptRequestParams> context) =>
        context.Params.InputResponses?.ContainsKey("user_context") is true
            ? new() { Messages = [User(Samples.Text("Please go on with the context that the user gave."))] }
            : throw new InputRequiredException(new Dictionary<string, InputRequest> { ["user_context"] = Asks.Text("context", "What context should the prompt use?") });

    private static PromptMessage User(ContentBlock content) => new() { Role = Role.User, Content = content };
}
