using ModelContextProtocol.Protocol;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>The requests that <c>input_required</c> results carry.</summary>
internal static class Asks
{
    public static InputRequest Text(string field, string message) => InputRequest.ForElicitation(new()
    {
        Message = message,
        RequestedSchema = new() { Properties = { [field] = new ElicitRequestParams.StringSchema() }, Required = [field] },
    });

    public static InputRequest Confirmation() => InputRequest.ForElicitation(new()
    {
        Message = "Please confirm",
        RequestedSchema = new() { Properties = { ["ok"] = new ElicitRequestParams.BooleanSchema() }, Required = ["ok"] },
    });

    public static InputRequest Model(string prompt) => InputRequest.ForSampling(new()
    {
        Messages = [new() { Role = Role.User, Content = [Samples.Text(prompt)] }],
        MaxTokens = 100,
    });

    public static InputRequest Roots() => InputRequest.ForRootsList(new());
}
