using System.Globalization;

namespace McpLedger.Gateway.Screening;

/// <summary>A screening policy in lines, each configuration its own and always the same: what the policy's digest is made over.</summary>
internal static class ScreeningText
{
    public static IEnumerable<string> Of(ScreeningConfig config) => [string.Create(CultureInfo.InvariantCulture, $"maxChars={config.MaxChars}"), $"model={config.ModelFolder}", .. Of("", config.Choices)];

    public static IEnumerable<string> Of(ServerScreening server) =>
        [$"trust={server.Trust}", .. Of("", server.Choices), .. server.Tools.OrderBy(tool => tool.Key, StringComparer.Ordinal).SelectMany(tool => Of($"{tool.Key}:", tool.Value))];

    private static IEnumerable<string> Of(string at, ScreeningChoices choices) =>
    [
        .. choices.Actions.OrderBy(each => each.Key).Select(each => $"{at}{each.Key.Place}.{each.Key.Kind}={each.Value}"),
        string.Create(CultureInfo.InvariantCulture, $"{at}code={choices.TakesCode} budget={choices.Budget?.Ticks} timeout={choices.OnTimeout} cut={choices.OnCut} failure={choices.OnFailure}"),
    ];
}
