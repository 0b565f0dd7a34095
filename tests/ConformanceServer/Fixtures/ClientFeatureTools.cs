using System.ComponentModel;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using static ModelContextProtocol.Protocol.ElicitRequestParams;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>Tools that ask the client for something while their call is open (server-initiated requests of the legacy era).</summary>
[McpServerToolType]
internal sealed class ClientFeatureTools
{
    [McpServerTool(Name = "test_sampling"), Description("Asks the client's model")]
    public static async Task<string> Sampling(McpServer server, [Description("Prompt for the model")] string prompt, CancellationToken cancellationToken)
    {
        var answer = await server.SampleAsync(
            new CreateMessageRequestParams
            {
                Messages = [new() { Role = Role.User, Content = [Samples.Text(prompt)] }],
                MaxTokens = 100,
            },
            cancellationToken);
        return $"LLM response: {answer.Content.OfType<TextContentBlock>().FirstOrDefault()?.Text}";
    }

    [McpServerTool(Name = "test_elicitation"), Description("Asks the client's user")]
    public static Task<string> Elicitation(McpServer server, [Description("Message for the user")] string message, CancellationToken cancellationToken) =>
        AskAsync(server, message, new() { Properties = { ["response"] = new StringSchema { Description = "User's response" } } }, cancellationToken);

    [McpServerTool(Name = "test_elicitation_sep1034_defaults"), Description("Asks with a default value of every primitive type")]
    public static Task<string> ElicitationDefaults(McpServer server, CancellationToken cancellationToken) =>
        AskAsync(
            server,
            "Please review and update the form fields with defaults",
            new()
            {
                Properties =
                {
                    ["name"] = new StringSchema { Description = "User name", Default = "John Doe" },
                    ["age"] = new NumberSchema { Type = "integer", Description = "User age", Default = 30 },
                    ["score"] = new NumberSchema { Description = "User score", Default = 95.5 },
                    ["status"] = new UntitledSingleSelectEnumSchema { Description = "User status", Enum = ["active", "inactive", "pending"], Default = "active" },
                    ["verified"] = new BooleanSchema { Description = "Verification status", Default = true },
                },
            },
            cancellationToken);

    [McpServerTool(Name = "test_elicitation_sep1330_enums"), Description("Asks with every form of enumeration")]
    public static Task<string> ElicitationEnums(McpServer server, CancellationToken cancellationToken) =>
        AskAsync(
            server,
            "Please select options from the enum fields",
            new()
            {
                Properties =
                {
                    ["untitledSingle"] = new UntitledSingleSelectEnumSchema { Description = "One", Enum = ["option1", "option2", "option3"] },
                    ["titledSingle"] = new TitledSingleSelectEnumSchema
                    {
                        Description = "One by title",
                        OneOf = [new() { Const = "value1", Title = "First Option" }, new() { Const = "value2", Title = "Second Option" }],
                    },
                    ["legacyEnum"] = new LegacyTitledEnumSchema { Description = "One by name", Enum = ["opt1", "opt2"], EnumNames = ["Option One", "Option Two"] },
                    ["untitledMulti"] = new UntitledMultiSelectEnumSchema { Description = "Several", Items = new() { Enum = ["option1", "option2", "option3"] } },
                    ["titledMulti"] = new TitledMultiSelectEnumSchema
                    {
                        Description = "Several by title",
                        Items = new() { AnyOf = [new() { Const = "value1", Title = "First Choice" }, new() { Const = "value2", Title = "Second Choice" }] },
                    },
                },
            },
            cancellationToken);

    private static async Task<string> AskAsync(McpServer server, string message, RequestSchema schema, CancellationToken cancellationToken)
    {
        var answer = await server.ElicitAsync(new() { Message = message, RequestedSchema = schema }, cancellationToken);
        return $"User response: action={answer.Action}, content={string.Join(',', answer.Content?.Select(field => $"{field.Key}={field.Value}") ?? [])}";
    }
}
