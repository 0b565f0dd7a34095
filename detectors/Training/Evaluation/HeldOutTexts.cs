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

        var texts = channel switch
        {
            TextChannel.Response => new ResponseTexts(train, 1011).Pairs(pairs),
            TextChannel.User => new UserTexts(train, 1012).Pairs(pairs),
            _ => new DefinitionTexts(train, 1013).Pairs(pairs),
        };
        return [.. texts.Select(text => new LabelledText("held out", text.IsAttack, "", "", text.Text))];
    }
}
