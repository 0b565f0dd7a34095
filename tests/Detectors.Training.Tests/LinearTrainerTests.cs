using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Tests;

/// <summary>The scorer of the request path reads what Microsoft.ML trained and says what Microsoft.ML says.</summary>
public sealed class LinearTrainerTests
{
    private const int Texts = 10_000;
    private const float Tolerance = 1e-5f;

    [Fact]
    public void Exported_weights_score_ten_thousand_texts_as_Microsoft_ML_does()
    {
        using var words = File.OpenRead(Path.Combine(ShippedModel.Folder, "words.bin"));
        var trainer = new LinearTrainer(new(WordVectors.Read(words), KnownPairs.None));
        using var corpus = new TinyCorpus();
        var rows = new CapabilityTexts(14).Make(Texts / 2, new(corpus.Folder)).Take(Texts).ToArray();
        var (trained, model) = trainer.Train([.. rows.Take(2_000)], 1e-5f);
        using var file = new MemoryStream();
        trained.Write(file);
        file.Position = 0;
        var exported = LinearWeights.Read(file);
        var theirs = trainer.Scores(model, rows);

        Assert.Equal(Texts, rows.Length);
        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal(theirs[i], trainer.Score(exported, rows[i].Text), Tolerance * Math.Max(1, Math.Abs(theirs[i])));
        }
    }
}
