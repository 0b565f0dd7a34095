using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>Poisoned definitions for the scoreboard: real definitions that were never trained on, with phrases of our templates that were kept back.</summary>
internal static class HeldOutDefinitions
{
    public const string Source = "definitions_heldout";
    private const int Count = 400;

    public static IReadOnlyList<LabelledText> Make(Corpus scoreboard)
    {
        string[] hosts = [.. scoreboard.Of(false, "livemcp_tools", "docker_tools").Select(row => row.Text)];
        return hosts.Length == 0 ? [] : [.. new DefinitionTexts(hosts, PhraseShare.HeldOut, 29).Poisoned(Count).Select(text => new LabelledText(Source, IsAttack: true, "tool_def", "", text))];
    }
}
