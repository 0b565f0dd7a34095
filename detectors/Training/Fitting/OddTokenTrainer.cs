using McpLedger.Detectors.Injection;

namespace McpLedger.Detectors.Training.Fitting;

/// <summary>AdaGrad on windows, as <see cref="WideDeepTrainer"/> does it, for the few numbers that <see cref="OddTokenWeights"/> reads.</summary>
internal sealed class OddTokenTrainer
{
    private const int Inputs = OddTokenWeights.Inputs;
    private const int Hidden = 8;
    private const int Epochs = 4;
    private const float Rate = 0.1f;
    private const float Floor = 1e-3f;

    private readonly Vocabulary _vocabulary;
    private readonly KnownShapes _shapes;
    private readonly Dice _dice;
    private readonly WindowScan _scan = new();
    private readonly float[] _values = new float[1 + (Hidden * (Inputs + 2))];
    private readonly float[] _squares;
    private readonly float[] _activated = new float[Hidden];
    private readonly float[] _inputs = new float[Inputs];

    private OddTokenTrainer(Vocabulary vocabulary, KnownShapes shapes, ulong seed)
    {
        (_vocabulary, _shapes, _dice) = (vocabulary, shapes, new(seed));
        _squares = new float[_values.Length];
        for (var i = 0; i < Hidden * Inputs; i++)
        {
            First[i] = (float)(_dice.Share() - 0.5);
        }

        for (var j = 0; j < Hidden; j++)
        {
            Second[j] = (float)((_dice.Share() - 0.5) * 0.3);
        }
    }

    private Span<float> First => _values.AsSpan(1, Hidden * Inputs);

    private Span<float> FirstBias => _values.AsSpan(1 + (Hidden * Inputs), Hidden);

    private Span<float> Second => _values.AsSpan(1 + (Hidden * (Inputs + 1)), Hidden);

    public static OddTokenWeights Train(IReadOnlyList<TrainingText> texts, Vocabulary vocabulary, KnownShapes shapes, ulong seed)
    {
        var trainer = new OddTokenTrainer(vocabulary, shapes, seed);
        var total = texts.Sum(text => text.Weight);
        var attacking = texts.Where(text => text.IsAttack).Sum(text => text.Weight);
        var (attack, benign) = ((float)(total / (2 * attacking)), (float)(total / (2 * (total - attacking))));
        var order = Enumerable.Range(0, texts.Count).ToArray();
        for (var epoch = 0; epoch < Epochs; epoch++)
        {
            trainer._dice.Shuffle(order);
            foreach (var i in order)
            {
                trainer.Learn(texts[i], (float)texts[i].Weight * (texts[i].IsAttack ? attack : benign));
            }
        }

        return trainer.ToWeights();
    }

    private OddTokenWeights ToWeights() => new(_values[0], First.ToArray(), FirstBias.ToArray(), Second.ToArray());

    private void Learn(TrainingText text, float weight)
    {
        _scan.Read(text.Text, 0, _vocabulary);
        if (_scan.Blocks == 0)
        {
            return;
        }

        _scan.ReadShapes(text.Text, _shapes);
        _scan.Cut();
        var windows = _scan.Windows;
        var (best, highest) = (windows[0], float.NegativeInfinity);
        foreach (var window in windows)
        {
            if ((!text.IsAttack || Holds(window, text)) && Logit(window) is var logit && logit > highest)
            {
                (best, highest) = (window, logit);
            }
        }

        Update(best, text.IsAttack ? 1 : 0, weight);
        if (!text.IsAttack && windows.Length > 1)
        {
            Update(windows[_dice.Below(windows.Length)], 0, weight * 0.5f);
        }
    }

    private bool Holds(ScoredWindow window, TrainingText text) => text.IsHeldBy(_scan.Tokens.Starts[window.First], _scan.Tokens.Stops[window.End - 1]);

    private float Logit(ScoredWindow window)
    {
        _scan.OddInputs(window, _inputs);
        var logit = _values[0];
        for (var j = 0; j < Hidden; j++)
        {
            var unit = FirstBias[j];
            for (var d = 0; d < Inputs; d++)
            {
                unit += First[(j * Inputs) + d] * _inputs[d];
            }

            _activated[j] = Math.Max(0, unit);
            logit += _activated[j] * Second[j];
        }

        return logit;
    }

    private void Update(ScoredWindow window, int label, float weight)
    {
        var slope = ((1f / (1f + MathF.Exp(-Logit(window)))) - label) * weight;
        Step(0, slope);
        for (var j = 0; j < Hidden; j++)
        {
            if (_activated[j] <= 0)
            {
                continue;
            }

            var toUnit = slope * Second[j];
            for (var d = 0; d < Inputs; d++)
            {
                Step(1 + (j * Inputs) + d, toUnit * _inputs[d]);
            }

            Step(1 + (Hidden * Inputs) + j, toUnit);
            Step(1 + (Hidden * (Inputs + 1)) + j, slope * _activated[j]);
        }
    }

    private void Step(int at, float gradient)
    {
        _squares[at] += gradient * gradient;
        _values[at] -= Rate * gradient / (Floor + MathF.Sqrt(_squares[at]));
    }
}
