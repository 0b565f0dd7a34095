using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Tests;

/// <summary>The scorer of the request path reads a file of eight bits a weight and says what the trainer computed with all of them.</summary>
public sealed class RoundedWeightsTests
{
    private const int Pairs = 1_500;

    // Of what the network and the order of additions make.
    private const float Slack = 1e-3f;

    [Fact]
    public void The_file_that_is_read_again_scores_every_window_as_the_trainer_did_within_half_a_step_a_weight()
    {
        using var words = File.OpenRead(Path.Combine(ShippedModel.Folder, "words.bin"));
        var vocabulary = new Vocabulary(WordVectors.Read(words), KnownPairs.None);
        using var tiny = new TinyCorpus();
        var corpus = new Corpus(Path.Combine(tiny.Folder, "train"));
        var trained = WideDeepWeights.MeanOf([.. Enumerable.Range(1, 2).Select(member =>
            WideDeepTrainer.Train([.. new ResponseTexts(corpus, (ulong)member).Pairs(200)], vocabulary, new() { Hidden = 8, Epochs = 2, Seed = (ulong)member }))]);
        using var file = new MemoryStream();
        WeightsFile.Write(trained, file);
        file.Position = 0;
        var read = WeightsFile.Read(file);
        var step = trained.Wide.Max(MathF.Abs) / sbyte.MaxValue;
        var (texts, windows, off) = (0, 0, 0d);
        var scan = new WindowScan();
        foreach (var text in new ResponseTexts(corpus, 99).Pairs(Pairs))
        {
            texts++;
            scan.Read(text.Text, 0, vocabulary);
            scan.Score(read);
            foreach (var window in scan.Windows)
            {
                var (expected, buckets) = Trainers(scan, trained, window);
                Assert.Equal(expected, window.Logit, (0.5f * step * MathF.Sqrt(buckets)) + Slack);
                off += Math.Abs(expected - window.Logit);
                windows++;
            }
        }

        Assert.Equal(2 * Pairs, texts);
        Assert.True(step > 0 && off / windows < step, $"{off / windows} a window, a step is {step}");
    }

    // As WideDeepTrainer computes the logit that it learns from: no sums by block, no eight bits.
    private static (float Logit, int Buckets) Trainers(WindowScan scan, WideDeepWeights weights, ScoredWindow window)
    {
        var buckets = scan.Tokens.Between(window.First, window.End);
        var (inputs, surround, activated) = (new float[WideDeepWeights.Inputs], new float[weights.Hidden], new float[weights.Hidden]);
        scan.Inputs(window.First / WindowScan.BlockTokens, (window.End + WindowScan.BlockTokens - 1) / WindowScan.BlockTokens, inputs);
        weights.Surround(inputs.AsSpan(WideDeepWeights.WindowInputs), surround);
        return (weights.Bias + weights.WideLogit(buckets) + weights.DeepLogit(inputs.AsSpan(0, WideDeepWeights.WindowInputs), surround, activated), buckets.Length);
    }
}
