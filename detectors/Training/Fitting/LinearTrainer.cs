using McpLedger.Detectors.Injection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace McpLedger.Detectors.Training.Fitting;

/// <summary>Microsoft.ML's stochastic dual coordinate ascent on hashed n-grams, its weights taken out for the scorer of the request path.</summary>
internal sealed class LinearTrainer(Vocabulary vocabulary)
{
    private readonly MLContext _context = new(seed: 1);
    private readonly TokenFeatures _tokens = new();

    /// <summary>Trains on whole texts.</summary>
    /// <returns>The exported weights, and Microsoft.ML's own model for comparison.</returns>
    public (LinearWeights Weights, ITransformer Model) Train(IReadOnlyList<TrainingText> texts, float l2)
    {
        var trainer = _context.BinaryClassification.Trainers.SdcaLogisticRegression(new SdcaLogisticRegressionBinaryTrainer.Options
        {
            L2Regularization = l2, MaximumNumberOfIterations = 20, NumberOfThreads = 1, Shuffle = true, ExampleWeightColumnName = nameof(HashedText.Weight),
        });
        var model = trainer.Fit(Load(texts));
        var linear = model.Model.SubModel;
        return (new(linear.Bias, [.. linear.Weights]), model);
    }

    /// <summary>Microsoft.ML's own scores of some texts.</summary>
    public float[] Scores(ITransformer model, IReadOnlyList<TrainingText> texts) => [.. model.Transform(Load(texts)).GetColumn<float>("Score")];

    /// <summary>The buckets that a text is to both.</summary>
    public int[] Buckets(string text)
    {
        _tokens.Read(text, 0, vocabulary);
        return _tokens.Between(0, _tokens.Count).ToArray();
    }

    private IDataView Load(IReadOnlyList<TrainingText> texts) => _context.Data.LoadFromEnumerable(texts.Select(text => new HashedText
    {
        Label = text.IsAttack, Weight = (float)text.Weight, Features = Features(Buckets(text.Text)),
    }));

    private static VBuffer<float> Features(int[] buckets)
    {
        var counts = buckets.GroupBy(bucket => bucket).OrderBy(group => group.Key).ToArray();
        var share = 1 / Math.Sqrt(Math.Max(1, buckets.Length));
        return new(TokenFeatures.Buckets, counts.Length, [.. counts.Select(group => (float)(group.Count() * share))], [.. counts.Select(group => group.Key)]);
    }

    internal sealed class HashedText
    {
        public bool Label { get; set; }

        public float Weight { get; set; }

        [VectorType(TokenFeatures.Buckets)]
        public VBuffer<float> Features { get; set; }
    }
}
