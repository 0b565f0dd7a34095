using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>Made-up texts from another seed than the training's: what probabilities are calibrated on.</summary>
internal static class HeldOutTexts
{
    public static IReadOnlyList<LabelledText> Of(TextChannel channel, Corpus train, int pairs)
    {
        if (train.Source("docs_train").Count == 0)
        {
            return [];
        }

        var seed = Draws.SeedOf(channel, Draws.HeldOut);
        var texts = channel switch
        {
            TextChannel.Response => new ResponseTexts(train, seed).Pairs(pairs),
            TextChannel.User => new UserTexts(train, seed).Pairs(pairs),
            _ => new DefinitionTexts(train, seed).Pairs(pairs),
        };
        return [.. texts.Select(text => new LabelledText("held out", text.IsAttack, "", "", text.Text))];
    }
}
