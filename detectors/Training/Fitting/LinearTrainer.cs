using McpLedger.Detectors.Injection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace McpLedger.Detectors.Training.Fitting;

/// <summary>Microsoft.ML's logistic regression (L-BFGS) on hashed n-grams and pooled word vectors, its weights taken out for the scorer of the request path.</summary>
internal sealed class LinearTrainer(Vocabulary vocabulary)
{
    // What fewer texts have is a name: nothing is learnt from it, and the file would be full of it.
    private const int FewestTexts = 3;

    private readonly MLContext _context = new(seed: 1);
    private readonly TokenFeatures _tokens = new();

    /// <summary>Trains on the beginnings of texts, attacks and others weighing the same in sum.</summary>
    /// <returns>The exported weights, and Microsoft.ML's own model for comparison.</returns>
    public (LinearWeights Weights, ITransformer Model) Train(IReadOnlyList<TrainingText> texts, float l2)
    {
        var total = texts.Sum(text => text.Weight);
        var attacks = texts.Where(text => text.IsAttack).Sum(text => text.Weight);
        // Quasi-Newton, for word vectors among n-grams are badly scaled: coordinate ascent has not got anywhere with them after a hundred passes. No L1: it would leave too few weights to know a theft by.
        var trainer = _context.BinaryClassification.Trainers.LbfgsLogisticRegression(new LbfgsLogisticRegressionBinaryTrainer.Options
        {
            L1Regularization = 0, L2Regularization = l2 * texts.Count, NumberOfThreads = 1, ExampleWeightColumnName = nameof(HashedText.Weight),
        });
        var model = trainer.Fit(Load([.. texts.Select(text => text with { Weight = text.Weight * total / (2 * Math.Max(1, text.IsAttack ? attacks : total - attacks)) })], Common(texts)));
        var linear = model.Model.SubModel;
        float[] weights = [.. linear.Weights];
        return (new(linear.Bias, weights[..TokenFeatures.Buckets], weights[TokenFeatures.Buckets..]), model);
    }

    /// <summary>Microsoft.ML's own scores of some texts.</summary>
    public float[] Scores(ITransformer model, IReadOnlyList<TrainingText> texts) => [.. model.Transform(Load(texts, null)).GetColumn<float>("Score")];

    /// <summary>The exported weights' score of a text, as the request path computes it.</summary>
    public float Score(LinearWeights weights, string text)
    {
        _tokens.Read(text, 0, vocabulary);
        return CapabilityRisk.LogitOf(weights, _tokens, vocabulary);
    }

    private HashSet<int> Common(IReadOnlyList<TrainingText> texts)
    {
        var seen = new int[TokenFeatures.Buckets];
        foreach (var text in texts)
        {
            foreach (var bucket in Buckets(text.Text).Distinct())
            {
                seen[bucket]++;
            }
        }

        return [.. Enumerable.Range(0, seen.Length).Where(bucket => seen[bucket] >= FewestTexts)];
    }

    private int[] Buckets(string text)
    {
        _tokens.Read(text, 0, vocabulary);
        return _tokens.Between(0, Math.Min(_tokens.Count, CapabilityRisk.MaxTokens)).ToArray();
    }

    // Rows are made beforehand: they share buffers, and it is not said in which order or on how many threads they are drawn.
    private IDataView Load(IReadOnlyList<TrainingText> texts, HashSet<int>? common) => _context.Data.LoadFromEnumerable<HashedText>([.. texts.Select(text => new HashedText
    {
        Label = text.IsAttack, Weight = (float)text.Weight, Features = Features(Buckets(text.Text), common),
    })]);

    private VBuffer<float> Features(int[] buckets, HashSet<int>? common)
    {
        var counts = buckets.Where(bucket => common?.Contains(bucket) ?? true).GroupBy(bucket => bucket).OrderBy(group => group.Key).ToArray();
        var share = 1 / Math.Sqrt(Math.Max(1, buckets.Length));
        var pooled = new float[LinearWeights.Pooled];
        LinearWeights.Pool(_tokens.Rows[..Math.Min(_tokens.Count, CapabilityRisk.MaxTokens)], vocabulary.Vectors, pooled);
        return new(
            HashedText.Width,
            counts.Length + pooled.Length,
            [.. counts.Select(group => (float)(group.Count() * share)), .. pooled],
            [.. counts.Select(group => group.Key), .. Enumerable.Range(TokenFeatures.Buckets, pooled.Length)]);
    }

    internal sealed class HashedText
    {
        internal const int Width = TokenFeatures.Buckets + LinearWeights.Pooled;

        public bool Label { get; set; }

        public float Weight { get; set; }

        [VectorType(Width)]
        public VBuffer<float> Features { get; set; }
    }
}
