using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Tests;

/// <summary>What is no language stands out, whoever wrote it.</summary>
public sealed class OddTokenWeightsTests
{
    [Fact]
    public void Gibberish_scores_above_what_people_write_and_a_file_scores_as_what_was_trained()
    {
        using var words = File.OpenRead(Path.Combine(ShippedModel.Folder, "words.bin"));
        using var pairs = File.OpenRead(Path.Combine(ShippedModel.Folder, "pairs.bin"));
        var vocabulary = new Vocabulary(WordVectors.Read(words), KnownPairs.Read(pairs));
        using var tiny = new TinyCorpus();
        var corpus = new Corpus(Path.Combine(tiny.Folder, "train"));
        var shapes = Vocabularies.Shapes(corpus);
        TrainingText[] texts = [.. new UserTexts(corpus, 12).Disorder(200, corpus)];
        var trained = OddTokenTrainer.Train(texts, vocabulary, shapes, 1);
        using var file = new MemoryStream();
        trained.Write(file);
        file.Position = 0;
        var read = OddTokenWeights.Read(file);
        var scan = new WindowScan();
        TrainingText[] others = [.. new UserTexts(corpus, 13).Disorder(100, corpus)];

        Assert.All(others, text => Assert.Equal(Odd(text, trained), Odd(text, read)));
        Assert.True(others.Where(text => text.IsAttack).Average(text => Odd(text, read)) > others.Where(text => !text.IsAttack).Average(text => Odd(text, read)) + 1);

        float Odd(TrainingText text, OddTokenWeights weights)
        {
            scan.Read(text.Text, 0, vocabulary);
            scan.ReadShapes(text.Text, shapes);
            scan.Cut();
            return scan.Odd(weights);
        }
    }
}
