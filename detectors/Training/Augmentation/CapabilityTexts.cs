using System.Text.Json.Nodes;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>Definitions of tools that say openly that they do harm, of tools that administer and protect, and of ordinary ones.</summary>
internal sealed class CapabilityTexts(ulong seed)
{
    private readonly Dice _dice = new(seed);
    private readonly Grammar _grammar = Grammar.Named("capability");

    public IEnumerable<TrainingText> Make(int each, Corpus corpus)
    {
        for (var i = 0; i < each; i++)
        {
            yield return Definition("danger", isAttack: true);
            yield return Definition("safe", isAttack: false);
        }

        foreach (var row in corpus.Of(false, "toolsdk_tools", "bfcl_funcs", "metatool_tools"))
        {
            yield return MarkedText.ReadJson(row.Text, isAttack: false);
        }
    }

    private TrainingText Definition(string list, bool isAttack)
    {
        var does = _grammar.Make(_dice, list);
        string[] words = does.ToLowerInvariant().Split(' ', '.', ',');
        var name = string.Join('_', words.Take(_dice.Between(1, 3)));
        return MarkedText.ReadJson(new JsonObject { ["name"] = name, ["description"] = does }.ToJsonString(), isAttack);
    }
}
