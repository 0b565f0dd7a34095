using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>What the capability head flags as it is shipped: templates that were kept back, a public set of tools of an attacker, and honest definitions.</summary>
internal static class CapabilityBoard
{
    public const string HeldDanger = "dangerous_heldout";
    public const string HeldSafe = "administering_heldout";
    private const int HeldPairs = 400;

    public static IReadOnlyList<CapabilityRow> Run(InjectionModel model, Corpus scoreboard, int most)
    {
        if (model.Capability is null || Board.Definition.Benign.All(source => scoreboard.Source(source).Count == 0))
        {
            return [];
        }

        var texts = new CapabilityTexts(41, PhraseShare.HeldOut);
        string[] danger = [.. Enumerable.Range(0, HeldPairs).Select(_ => texts.Definition("danger"))];
        string[] safe = [.. Enumerable.Range(0, HeldPairs).Select(_ => texts.Definition("safe"))];
        (string Source, bool IsDangerous, IEnumerable<string> Texts)[] sources =
        [
            (HeldDanger, true, danger),
            .. Board.Definition.OtherAttacks.Select(source => (source, true, scoreboard.Of(true, source).Select(row => row.Text))),
            (HeldSafe, false, safe),
            .. Board.Definition.Benign.Concat(Board.Definition.HardNegatives).Select(source => (source, false, scoreboard.Of(false, source).Select(row => row.Text))),
        ];
        return [.. sources.Select(each => Row(model, each.Source, each.IsDangerous, [.. each.Texts.Take(most)])).Where(row => row.Texts > 0)];
    }

    private static CapabilityRow Row(InjectionModel model, string source, bool isDangerous, string[] definitions)
    {
        var (text, reading) = (new MessageText(TextLimits.Default), new InjectionReading());
        var weights = Clusters.Weights(Clusters.Of(definitions).Ids);
        var (flagged, total) = (0d, 0d);
        for (var i = 0; i < definitions.Length; i++)
        {
            Scorer.Read(definitions[i], TextChannel.Definition, text);
            total += weights[i];
            flagged += CapabilityRisk.Of(model, text, reading).IsOvert ? weights[i] : 0;
        }

        return new(source, isDangerous, definitions.Length, total == 0 ? double.NaN : flagged / total);
    }
}
