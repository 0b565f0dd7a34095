using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Fitting;

/// <summary>How a wide and deep scorer is trained.</summary>
internal sealed record WideDeepOptions
{
    public int Hidden { get; init; } = 32;

    public int Epochs { get; init; } = 5;

    public float WideRate { get; init; } = 0.1f;

    public float DeepRate { get; init; } = 0.1f;

    public float Decay { get; init; } = 1e-6f;

    /// <summary>
    /// Whether the shares of odd tokens count. Made-up attacks and real documents differ in them by how they came about, so only the channel that needs them (gibberish in user input) uses them.
    /// </summary>
    public bool UsesSigns { get; init; }

    public ulong Seed { get; init; } = 1;
}

/// <summary>
/// AdaGrad on windows. An attack's label belongs to one window of its text: the one that the scorer likes best among those that hold the payload where its place is known,
/// else among all (multiple-instance learning); the best window of the rest, and of every benign text, is a negative.
/// </summary>
internal sealed class WideDeepTrainer
{
    private const float Floor = 1e-3f;

    private readonly Vocabulary _vocabulary;
    private readonly WideDeepOptions _options;
    private readonly WideDeepWeights _weights;
    private readonly WindowScan _scan = new();
    private readonly float[] _wideSquares = new float[TokenFeatures.Buckets];
    private readonly float[] _firstSquares;
    private readonly float[] _firstBiasSquares;
    private readonly float[] _secondSquares;
    private readonly float[] _inputs = new float[WideDeepWeights.Inputs];
    private readonly float[] _surround;
    private readonly float[] _activated;
    private readonly Dice _dice;
    private float _biasSquares;

    private WideDeepTrainer(Vocabulary vocabulary, WideDeepOptions options)
    {
        (_vocabulary, _options, _dice) = (vocabulary, options, new(options.Seed));
        _weights = WideDeepWeights.Empty(options.Hidden);
        _firstSquares = new float[_weights.First.Length];
        (_firstBiasSquares, _secondSquares) = (new float[options.Hidden], new float[options.Hidden]);
        (_surround, _activated) = (new float[options.Hidden], new float[options.Hidden]);
        Spread(_weights.First, 0.12f);
        Spread(_weights.Second, 0.3f);
        for (var j = 0; j < options.Hidden && !options.UsesSigns; j++)
        {
            _weights.First.AsSpan((j * WideDeepWeights.Inputs) + (2 * WordVectors.Dimensions), WideDeepWeights.SignInputs).Clear();
        }
    }

    public static WideDeepWeights Train(IReadOnlyList<TrainingText> texts, Vocabulary vocabulary, WideDeepOptions options)
    {
        var trainer = new WideDeepTrainer(vocabulary, options);
        var total = texts.Sum(text => text.Weight);
        var attacking = texts.Where(text => text.IsAttack).Sum(text => text.Weight);
        var (attack, benign) = ((float)(total / (2 * attacking)), (float)(total / (2 * (total - attacking))));
        var order = Enumerable.Range(0, texts.Count).ToArray();
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            trainer._dice.Shuffle(order);
            foreach (var i in order)
            {
                trainer.Learn(texts[i], (float)texts[i].Weight * (texts[i].IsAttack ? attack : benign), benign, epoch);
            }
        }

        return trainer._weights;
    }

    private void Learn(TrainingText text, float weight, float benign, int epoch)
    {
        _scan.Read(text.Text, 0, _vocabulary);
        if (_scan.Blocks == 0)
        {
            return;
        }

        _scan.Score(_weights);
        if (text.IsAttack)
        {
            var holding = text.PayloadStart < 0 ? _scan.Best() : BestOf(text, holding: true);
            Update(holding.End > 0 ? holding : _scan.Best(), 1, weight);
            if (text.PayloadStart >= 0 && BestOf(text, holding: false) is { End: > 0 } clean)
            {
                Update(clean, 0, benign * 0.25f * (float)text.Weight);
            }

            return;
        }

        if (epoch > 0 || _scan.Windows.Length == 1)
        {
            Update(_scan.Best(), 0, weight);
        }

        if (_scan.Windows.Length > 1)
        {
            Update(_scan.Windows[_dice.Below(_scan.Windows.Length)], 0, weight * 0.5f);
        }
    }

    // A window is clean when it has nothing in common with the payload.
    private ScoredWindow BestOf(TrainingText text, bool holding)
    {
        var best = new ScoredWindow(0, 0, float.NegativeInfinity);
        foreach (var window in _scan.Windows)
        {
            if (window.End == window.First)
            {
                continue;
            }

            var (start, stop) = (_scan.Tokens.Starts[window.First], _scan.Tokens.Stops[window.End - 1]);
            var fits = holding ? text.IsHeldBy(start, stop) : text.CommonWith(start, stop) <= 0;
            if (fits && window.Logit > best.Logit)
            {
                best = window;
            }
        }

        return best;
    }

    private void Update(ScoredWindow window, int label, float weight)
    {
        var buckets = _scan.Tokens.Between(window.First, window.End);
        if (buckets.IsEmpty)
        {
            return;
        }

        _scan.Inputs(window.First / WindowScan.BlockTokens, (window.End + WindowScan.BlockTokens - 1) / WindowScan.BlockTokens, _inputs);
        if (!_options.UsesSigns)
        {
            _inputs.AsSpan(2 * WordVectors.Dimensions, WideDeepWeights.SignInputs).Clear();
        }

        _weights.Surround(_inputs.AsSpan(WideDeepWeights.WindowInputs), _surround);
        var logit = _weights.Bias + _weights.WideLogit(buckets) + _weights.DeepLogit(_inputs.AsSpan(0, WideDeepWeights.WindowInputs), _surround, _activated);
        var slope = ((1f / (1f + MathF.Exp(-logit))) - label) * weight;
        if (MathF.Abs(slope) < 1e-3f)
        {
            return;
        }

        UpdateWide(buckets, slope);
        UpdateDeep(slope);
    }

    private void UpdateWide(ReadOnlySpan<int> buckets, float slope)
    {
        var (weights, squares) = (_weights.Wide, _wideSquares);
        var share = slope / MathF.Sqrt(buckets.Length);
        foreach (var bucket in buckets)
        {
            var gradient = share + (_options.Decay * weights[bucket]);
            squares[bucket] += gradient * gradient;
            weights[bucket] -= _options.WideRate * gradient / (Floor + MathF.Sqrt(squares[bucket]));
        }

        _biasSquares += slope * slope;
        _weights.Bias -= _options.WideRate * slope / (Floor + MathF.Sqrt(_biasSquares));
    }

    private void UpdateDeep(float slope)
    {
        for (var j = 0; j < _options.Hidden; j++)
        {
            if (_activated[j] <= 0)
            {
                continue;
            }

            var toUnit = slope * _weights.Second[j];
            Step(ref _weights.Second[j], ref _secondSquares[j], slope * _activated[j]);
            Step(ref _weights.FirstBias[j], ref _firstBiasSquares[j], toUnit);
            var row = _weights.First.AsSpan(j * WideDeepWeights.Inputs, WideDeepWeights.Inputs);
            var squares = _firstSquares.AsSpan(j * WideDeepWeights.Inputs, WideDeepWeights.Inputs);
            for (var d = 0; d < row.Length; d++)
            {
                Step(ref row[d], ref squares[d], (toUnit * _inputs[d]) + (_options.Decay * row[d]));
            }
        }
    }

    private void Step(ref float value, ref float squares, float gradient)
    {
        squares += gradient * gradient;
        value -= _options.DeepRate * gradient / (Floor + MathF.Sqrt(squares));
    }

    private void Spread(float[] values, float width)
    {
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)((_dice.Share() - 0.5) * width);
        }
    }
}
