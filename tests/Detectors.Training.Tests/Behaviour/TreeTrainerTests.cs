using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Training.Behaviour;

namespace McpLedger.Detectors.Training.Tests.Behaviour;

/// <summary>The scorer of the pipeline reads what LightGBM grew and says what Microsoft.ML says.</summary>
public sealed class TreeTrainerTests
{
    private const int Rows = 10_000;
    private const double Tolerance = 1e-5;

    [Fact]
    public void Exported_trees_score_ten_thousand_rows_as_Microsoft_ML_does()
    {
        var rows = Make(Rows, 3);
        var trainer = new TreeTrainer();
        var (trained, model) = trainer.Train(rows[..4_000]);
        var exported = Again(trained);
        var (scores, probabilities) = trainer.Scores(model, rows);

        for (var i = 0; i < rows.Length; i++)
        {
            Assert.Equal(scores[i], exported.Score(rows[i].Features), Tolerance * Math.Max(1, Math.Abs(scores[i])));
            Assert.Equal(probabilities[i], exported.Probability(rows[i].Features), Tolerance);
        }
    }

    [Fact]
    public void The_same_rows_grow_the_same_trees()
    {
        using MemoryStream first = new(), second = new();
        new TreeTrainer().Train(Make(2_000, 5)).Trees.Write(first);
        new TreeTrainer().Train(Make(2_000, 5)).Trees.Write(second);
        Assert.Equal(first.ToArray(), second.ToArray());
    }

    [Fact]
    public void A_file_that_is_cut_or_leads_in_circles_is_refused()
    {
        using var file = new MemoryStream();
        new TreeTrainer().Train(Make(2_000, 5)).Trees.Write(file);
        var bytes = file.ToArray();
        Assert.Throws<EndOfStreamException>(() => TreeEnsemble.Read(new MemoryStream(bytes[..^4])));
        Assert.Throws<InvalidDataException>(() => TreeEnsemble.Read(new MemoryStream([.. "NOTREES1"u8, .. bytes[8..]])));
        Assert.Throws<InvalidDataException>(() => new TreeEnsemble([new([new(0, 1, 0, -1)], [1, 2])], 4, 1, 0));
        Assert.Throws<InvalidDataException>(() => new TreeEnsemble([new([new(9, 1, -1, -2)], [1, 2])], 4, 1, 0));
    }

    private static TreeEnsemble Again(TreeEnsemble trees)
    {
        using var file = new MemoryStream();
        trees.Write(file);
        file.Position = 0;
        return TreeEnsemble.Read(file);
    }

    private static VectorRow[] Make(int count, ulong seed)
    {
        var dice = new Dice(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            var features = new float[SessionState.Features];
            for (var i = 0; i < features.Length; i++)
            {
                features[i] = (float)((dice.Share() * 8) - 1);
            }

            return new VectorRow { Features = features, Label = features[3] + (features[7] * features[11] / 4) > 6 == dice.Chance(0.95), Weight = 1 };
        })];
    }
}
