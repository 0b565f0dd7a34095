using McpLedger.Detectors.Behaviour;
using Microsoft.ML;
using Microsoft.ML.Calibrators;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers.LightGbm;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>LightGBM on vectors of features, its trees taken out for the scorer of the pipeline.</summary>
internal sealed class TreeTrainer
{
    private readonly MLContext _context = new(seed: 1);

    /// <summary>Trains.</summary>
    /// <returns>The exported trees, and Microsoft.ML's own model for comparison.</returns>
    public (TreeEnsemble Trees, ITransformer Model) Train(IReadOnlyList<VectorRow> rows)
    {
        var trainer = _context.BinaryClassification.Trainers.LightGbm(new LightGbmBinaryTrainer.Options
        {
            NumberOfLeaves = 8, NumberOfIterations = 80, LearningRate = 0.08, MinimumExampleCountPerLeaf = 20, NumberOfThreads = 1, Seed = 1, Deterministic = true,
            ExampleWeightColumnName = nameof(VectorRow.Weight), HandleMissingValue = false, UseCategoricalSplit = false,
            Booster = new GradientBooster.Options { L2Regularization = 1, FeatureFraction = 0.7, SubsampleFraction = 0.8, SubsampleFrequency = 1 },
        });
        var model = trainer.Fit(Load(rows));
        var ensemble = model.Model.SubModel.TrainedTreeEnsemble;
        var platt = (PlattCalibrator)model.Model.Calibrator;
        TreeEnsemble.Tree[] trees = [.. ensemble.Trees.Zip(ensemble.TreeWeights, (tree, weight) => new TreeEnsemble.Tree(
            [.. Enumerable.Range(0, tree.NumberOfNodes).Select(node => new TreeEnsemble.Node(tree.NumericalSplitFeatureIndexes[node], tree.NumericalSplitThresholds[node], tree.LeftChild[node], tree.RightChild[node]))],
            [.. tree.LeafValues.Select(leaf => leaf * weight)]))];
        if (ensemble.Bias != 0)
        {
            trees = [.. trees, new([], [ensemble.Bias])];
        }

        return (new(trees, SessionState.Features, platt.Slope, platt.Offset), model);
    }

    /// <summary>Microsoft.ML's own scores and probabilities.</summary>
    public (float[] Scores, float[] Probabilities) Scores(ITransformer model, IReadOnlyList<VectorRow> rows)
    {
        var scored = model.Transform(Load(rows));
        return ([.. scored.GetColumn<float>("Score")], [.. scored.GetColumn<float>("Probability")]);
    }

    private IDataView Load(IReadOnlyList<VectorRow> rows)
    {
        var schema = SchemaDefinition.Create(typeof(VectorRow));
        schema[nameof(VectorRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, SessionState.Features);
        return _context.Data.LoadFromEnumerable(rows, schema);
    }
}

/// <summary>One row to train on.</summary>
internal sealed class VectorRow
{
    public bool Label { get; set; }

    public float Weight { get; set; } = 1;

    public float[] Features { get; set; } = [];
}
