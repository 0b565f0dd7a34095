using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Tests;

/// <summary>What is taken out of a scorer says what the scorer says.</summary>
public sealed class OddTokenWeightsTests
{
    [Fact]
    public void Weights_of_odd_tokens_score_as_the_scorer_does_that_they_were_taken_from()
    {
        using var words = File.OpenRead(Path.Combine(ShippedModel.Folder, "words.bin"));
        using var pairs = File.OpenRead(Path.Combine(ShippedModel.Folder, "pairs.bin"));
        var vocabulary = new Vocabulary(WordVectors.Read(words), KnownPairs.Read(pairs));
        using var tiny = new TinyCorpus();
        var corpus = new Corpus(Path.Combine(tiny.Folder, "train"));
        TrainingText[] texts = [.. new UserTexts(corpus, 12).Disorder(200, corpus)];
        var trained = WideDeepTrainer.Train(texts, vocabulary, new() { Hidden = 4, Epochs = 2, UsesSigns = true, UsesWords = false });
        using var file = new MemoryStream();
        OddTokenWeights.Of(trained).Write(file);
        file.Position = 0;
        var odd = OddTokenWeights.Read(file);
        var scan = new WindowScan();

        foreach (var text in texts)
        {
            scan.Read(text.Text, 0, vocabulary);
            scan.Score(trained);
            Assert.Equal(scan.Best().Logit, scan.Odd(odd), 1e-3f);
        }

        Assert.True(texts.Where(text => text.IsAttack).Average(Odd) > texts.Where(text => !text.IsAttack).Average(Odd));

        float Odd(TrainingText text)
        {
            scan.Read(text.Text, 0, vocabulary);
            scan.Score(trained);
            return scan.Odd(odd);
        }
    }
}
