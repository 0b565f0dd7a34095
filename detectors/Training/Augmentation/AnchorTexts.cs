using System.Text.Json.Nodes;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>Attacks and harmless texts that templates alone make, without any corpus: what a model that is continued must not forget.</summary>
internal static class AnchorTexts
{
    private const int Each = 300;

    /// <summary>As many of both kinds, normalised; always the same.</summary>
    public static IReadOnlyList<string> Of(TextChannel channel)
    {
        var (grammar, lists) = channel switch
        {
            TextChannel.Response => (Grammar.Named("response").And("prose").With("wish", ["{agentic}", "{mild}"]), new[] { "wrap", "wish", "human", "voice" }),
            TextChannel.User => (Grammar.Named("user").And("user-extract"), ["attack", "benign"]),
            _ => (Grammar.Named("definition", PhraseShare.Training).And("definition-training"), ["wrapped", "benign"]),
        };
        var dice = new Dice(Draws.SeedOf(channel, Draws.HeldOut));
        return [.. Enumerable.Range(0, 2 * Each).Select(i => grammar.Make(dice, lists[i % lists.Length])).Select(text => channel == TextChannel.Definition
            ? NormalText.OfJson(new JsonObject { ["name"] = "tool", ["description"] = text }.ToJsonString())
            : NormalText.Of(text))];
    }
}
