using System.ComponentModel;
using System.Security.Cryptography;
using System.Text;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Context = ModelContextProtocol.Server.RequestContext<ModelContextProtocol.Protocol.CallToolRequestParams>;

namespace McpLedger.ConformanceServer.Fixtures;

/// <summary>Tools that need several rounds: each asks by an <c>input_required</c> result and ends when the client has answered.</summary>
[McpServerToolType]
internal sealed class InputRequiredTools
{
    private static readonly byte[] StateKey = RandomNumberGenerator.GetBytes(32);

    [McpServerTool(Name = "test_input_required_result_elicitation"), Description("Asks for a name")]
    public static CallToolResult Elicitation(Context context) => GreetOrAsk(context);

    [McpServerTool(Name = "test_incomplete_result_elicitation"), Description("Asks for a name again until the answer has it")]
    public static CallToolResult ElicitationAgain(Context context) => GreetOrAsk(context);

    [McpServerTool(Name = "test_input_required_result_sampling"), Description("Asks the client's model")]
    public static CallToolResult Sampling(Context context) =>
        Answered(context, "capital_question") ? Done("The model answered.") : throw Ask(null, ("capital_question", Asks.Model("What is the capital of France?")));

    [McpServerTool(Name = "test_input_required_result_list_roots"), Description("Asks for the client's roots")]
    public static CallToolResult ListRoots(Context context) =>
        Answered(context, "client_roots") ? Done("The roots arrived.") : throw Ask(null, ("client_roots", Asks.Roots()));

    [McpServerTool(Name = "test_input_required_result_request_state"), Description("Gives a state that has to come back")]
    public static CallToolResult RequestState(Context context) => context.Params.RequestState switch
    {
        null => throw Ask("state-1", ("confirm", Asks.Confirmation())),
        "state-1" => Done("state-ok: the state came back"),
        _ => Done("another state came back"),
    };

    [McpServerTool(Name = "test_input_required_result_multiple_inputs"), Description("Asks three things at once")]
    public static CallToolResult MultipleInputs(Context context) =>
        Answered(context, "user_name") && Answered(context, "greeting") && Answered(context, "client_roots")
            ? Done("All three answers arrived.")
            : throw Ask("several", ("user_name", Asks.Text("name", "What is your name?")), ("greeting", Asks.Model("Write a greeting.")), ("client_roots", Asks.Roots()));

    [McpServerTool(Name = "test_input_required_result_multi_round"), Description("Asks in two rounds")]
    public static CallToolResult MultiRound(Context context) => context.Params.RequestState switch
    {
        null => throw Ask("round-1", ("step1", Asks.Text("name", "What is your name?"))),
        "round-1" => throw Ask("round-2", ("step2", Asks.Text("color", "Which colour do you like?"))),
        _ => Done("Both rounds are over."),
    };

    [McpServerTool(Name = "test_input_required_result_tampered_state"), Description("Gives a signed state and refuses any other")]
    public static CallToolResult TamperedState(Context context)
    {
        if (context.Params.RequestState is not { } state)
        {
            var nonce = RandomNumberGenerator.GetHexString(16);
            throw Ask($"{nonce}.{Signature(nonce)}", ("confirm", Asks.Confirmation()));
        }

        var parts = state.Split('.');
        return parts.Length == 2 && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(parts[1]), Encoding.UTF8.GetBytes(Signature(parts[0])))
            ? Done("The state is ours.")
            : throw new McpProtocolException("The request state is not one that this server gave.", McpErrorCode.InvalidParams);
    }

    [McpServerTool(Name = "test_input_required_result_capabilities"), Description("Asks only for what the client can do")]
    public static CallToolResult Capabilities(Context context)
    {
        if (context.Params.InputResponses is { Count: > 0 })
        {
            return Done("The answers arrived.");
        }

        var can = context.JsonRpcRequest.Context?.ClientCapabilities;
        (string Key, InputRequest Request)[] asks =
        [
            .. can?.Sampling is null ? [] : new[] { ("capital_question", Asks.Model("What is the capital of France?")) },
            .. can?.Elicitation is null ? [] : new[] { ("user_name", Asks.Text("name", "What is your name?")) },
            .. can?.Roots is null ? [] : new[] { ("client_roots", Asks.Roots()) },
        ];
        return asks.Length == 0 ? Done("The client can do none of it.") : throw Ask(null, asks);
    }

    private static CallToolResult GreetOrAsk(Context context) =>
        context.Params.InputResponses?.TryGetValue("user_name", out var response) is true
            && response.Deserialize(InputResponse.ElicitResultJsonTypeInfo)?.Content is { } content
            && content.TryGetValue("name", out var name)
                ? Done($"Hello, {name}!")
                : throw Ask(null, ("user_name", Asks.Text("name", "What is your name?")));

    private static bool Answered(Context context, string key) => context.Params.InputResponses?.ContainsKey(key) is true;

    private static InputRequiredException Ask(string? state, params (string Key, InputRequest Request)[] requests) =>
        new(requests.ToDictionary(ask => ask.Key, ask => ask.Request), state);

    private static CallToolResult Done(string text) => new() { Content = [Samples.Text(text)] };

    private static string Signature(string nonce) => Convert.ToHexString(HMACSHA256.HashData(StateKey, Encoding.UTF8.GetBytes(nonce)));
}
