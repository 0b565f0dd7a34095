using System.Text.Json.Nodes;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>Definitions of tools that say openly that they do harm, of tools that administer and protect with the same words, and of ordinary ones.</summary>
internal sealed class CapabilityTexts(ulong seed, PhraseShare share = PhraseShare.Training)
{
    // Neighbours are tools of one server: every fourth block of them is kept back for the threshold.
    private const int Block = 50;
    private static readonly string[] Benign = ["toolsdk_tools", "bfcl_funcs", "metatool_tools", "toolbench_funcs"];
    private static readonly string[] Prefixes = ["tool", "do", "run", "task", "action", "util", "svc", "api", "job", "op"];

    private readonly Dice _dice = new(seed);
    private readonly Grammar _grammar = Grammar.Named("capability", share);

    /// <summary>Made-up definitions, <paramref name="each"/> of both kinds, and the corpora's own but for those kept back.</summary>
    public IEnumerable<TrainingText> Make(int each, Corpus corpus) => Pairs(each).Concat(Honest(corpus, isKeptBack: false));

    /// <summary>The made-up ones alone, dangerous and safe in turn.</summary>
    public IEnumerable<TrainingText> Pairs(int each)
    {
        for (var i = 0; i < each; i++)
        {
            yield return MarkedText.ReadJson(Definition("danger"), isAttack: true);
            yield return MarkedText.ReadJson(Definition("safe"), isAttack: false);
        }
    }

    /// <summary>Benign definitions of the training corpora: those to learn from, or those kept back.</summary>
    public static IEnumerable<TrainingText> Honest(Corpus corpus, bool isKeptBack) =>
        Benign.SelectMany(source => corpus.Of(false, source).Where((_, i) => i / Block % 4 == 3 == isKeptBack)).Select(row => MarkedText.ReadJson(row.Text, isAttack: false));

    /// <summary>One definition as JSON.</summary>
    public string Definition(string list)
    {
        var does = _grammar.Make(_dice, list);
        return new JsonObject { ["name"] = Name(does), ["description"] = does }.ToJsonString();
    }

    // Names say what a tool does, or nothing at all.
    private string Name(string does)
    {
        string[] words = [.. does.ToLowerInvariant().Split([' ', '.', ','], StringSplitOptions.RemoveEmptyEntries).Where(word => word.All(char.IsLetterOrDigit))];
        return _dice.Below(8) switch
        {
            0 => $"{_dice.Pick(Prefixes)}_{_dice.Between(1, 99)}",
            1 => $"{_dice.Pick(Prefixes)}_{string.Join('_', words.Take(2))}",
            _ => string.Join('_', words.Take(_dice.Between(1, 3))),
        };
    }
}
