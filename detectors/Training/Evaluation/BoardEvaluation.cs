using McpLedger.Detectors.Training.Data;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>Scores one channel's sources and counts.</summary>
internal sealed class BoardEvaluation
{
    public static readonly double[] Rates = [0.001, 0.01, 0.05];
    private static readonly int[] LengthLimits = [512, 2048, 8192, 32768, int.MaxValue];

    private readonly Board _board;
    private readonly Dictionary<string, ScoredText[]> _attacks;
    private readonly Dictionary<string, ScoredText[]> _benign;
    private readonly CrossFit _fit;
    private readonly CrossFit _stageOne;
    private readonly Dictionary<string, bool> _keywords;

    public BoardEvaluation(Board board, Corpus corpus, Scorer scorer, int most)
    {
        _board = board;
        List<LabelledText> rows = [];
        foreach (var source in board.Attacks.Concat(board.OtherAttacks))
        {
            rows.AddRange(Sample(source == HeldOutDefinitions.Source ? HeldOutDefinitions.Make(corpus) : corpus.Source(source).Where(row => row.IsAttack), most));
        }

        foreach (var source in board.Benign.Concat(board.HardNegatives).Concat(board.OtherAttacks))
        {
            rows.AddRange(Sample(corpus.Source(source).Where(row => !row.IsAttack), most));
        }

        var scored = rows.GroupBy(row => (row.Source, row.IsAttack)).ToDictionary(group => group.Key, group => scorer.Score([.. group], board.Channel));
        _attacks = scored.Where(each => each.Key.IsAttack).ToDictionary(each => each.Key.Source, each => each.Value);
        _benign = scored.Where(each => !each.Key.IsAttack).ToDictionary(each => each.Key.Source, each => each.Value);
        _fit = new(Of(board.Benign, _benign));
        _stageOne = new([.. Of(board.Benign, _benign).Select(WithoutEncoder)]);
        _keywords = rows.GroupBy(row => row.Text).ToDictionary(group => group.Key, group => KeywordRules.Match(group.Key));
        KeywordShares = [.. new[] { (board.Attacks, true), (board.Benign, false) }.Select(part => Mean(part.Item1.Select(source => rows.Where(row => row.Source == source && row.IsAttack == part.Item2).ToArray()).Where(each => each.Length > 0).Select(each => each.Average(row => _keywords[row.Text] ? 1.0 : 0))))];
    }

    private double[] KeywordShares { get; }

    public bool IsEmpty => _benign.Count == 0 || Of(_board.Benign, _benign).Count == 0;

    /// <summary>The texts of a source, scored.</summary>
    public IReadOnlyList<ScoredText> Attacks(string source) => _attacks.GetValueOrDefault(source) ?? [];

    public IReadOnlyList<ScoredText> Benign(string source) => _benign.GetValueOrDefault(source) ?? [];

    public CrossFit Fit => _fit;

    /// <summary>Mean recall over the attack sources at a false-positive rate.</summary>
    public double Macro(double rate) => Mean(Of(_board.Attacks, _attacks).Select(source => _fit.Share(source, rate)));

    public BoardReport Report()
    {
        var benign = Of(_board.Benign, _benign);
        return new()
        {
            Title = _board.Title,
            Macro = [.. Rates.Select(rate => MacroRow(_fit, Of(_board.Attacks, _attacks), rate))],
            StageOneMacro = [.. Rates.Select(rate => MacroRow(_stageOne, [.. Of(_board.Attacks, _attacks).Select(WithoutEncoder)], rate))],
            ShippedRecall = Mean(Of(_board.Attacks, _attacks), text => text.IsFlagged),
            ShippedFalsePositiveRate = Mean(benign, text => text.IsFlagged),
            KeywordRules = new(KeywordShares[1], KeywordShares[0], double.NaN, double.NaN),
            Sources = [.. Rows()],
            Lengths = [.. ByLength()],
            BenignReachingEncoder = Mean(benign.Select(source => Share(source, text => text.ReachedEncoder))),
            CalibrationError = CalibrationError(),
        };
    }

    /// <summary>A text's share that a condition holds for, near-copies weighing one together.</summary>
    public static double Share(IEnumerable<ScoredText> texts, Func<ScoredText, bool> counts)
    {
        var (hits, total) = (0d, 0d);
        foreach (var text in texts)
        {
            total += text.Weight;
            hits += counts(text) ? text.Weight : 0;
        }

        return total == 0 ? double.NaN : hits / total;
    }

    private static RateRow MacroRow(CrossFit fit, IReadOnlyList<IReadOnlyList<ScoredText>> sources, double rate)
    {
        var mean = Mean(sources, text => fit.IsAbove(text, rate));
        return new(rate, mean.Share, mean.Low, mean.High);
    }

    private static ShareRow Mean(IReadOnlyList<IReadOnlyList<ScoredText>> sources, Func<ScoredText, bool> counts)
    {
        var (low, high) = Bootstrap.Of(sources, counts);
        return new(Mean(sources.Select(source => Share(source, counts))), low, high);
    }

    private IEnumerable<SourceRow> Rows()
    {
        foreach (var (sources, texts, kind) in new[]
        {
            (_board.Attacks, _attacks, "attack"), (_board.OtherAttacks, _attacks, "other attack"), (_board.Benign, _benign, "benign"), (_board.HardNegatives.Concat(_board.OtherAttacks), _benign, "hard negative"),
        })
        {
            foreach (var source in sources)
            {
                if (texts.TryGetValue(source, out var scored))
                {
                    yield return Row(source, kind, scored);
                }
            }
        }
    }

    private SourceRow Row(string source, string kind, ScoredText[] texts)
    {
        return new()
        {
            Source = source,
            Kind = kind,
            Rows = texts.Length,
            Clusters = texts.Select(text => text.Cluster).Distinct().Count(),
            Auc = texts[0].IsAttack ? Auc(texts) : null,
            Shares = [.. Rates.Select(rate => Mean([texts], text => _fit.IsAbove(text, rate)))],
            Flagged = Mean([texts], text => text.IsFlagged),
            Families = texts.GroupBy(text => text.Family).Where(family => family.Key.Length > 0).Take(40).ToDictionary(family => family.Key, family => Math.Round(_fit.Share(family, 0.01), 4)),
        };
    }

    private double Auc(ScoredText[] attacks) => Metrics.Auc(
        [.. attacks.Select(text => new WeightedScore(_fit.Tail(text), text.Weight))],
        [.. Of(_board.Benign, _benign).SelectMany(source => source.Select(text => new WeightedScore(_fit.Tail(text), text.Weight / source.Sum(each => each.Weight))))]);

    private IEnumerable<LengthRow> ByLength()
    {
        var shortest = 0;
        foreach (var limit in LengthLimits)
        {
            bool Fits(ScoredText text) => text.Length > shortest && text.Length <= limit;
            ScoredText[] attacks = [.. Of(_board.Attacks, _attacks).SelectMany(source => source).Where(Fits)];
            ScoredText[] benign = [.. Of(_board.Benign, _benign).SelectMany(source => source).Where(Fits)];
            if (attacks.Length + benign.Length > 0)
            {
                yield return new(limit == int.MaxValue ? "more" : $"{limit / 1024.0:0.#} KiB", attacks.Length, _fit.Share(attacks, 0.01), benign.Length, _fit.Share(benign, 0.01));
            }

            shortest = limit;
        }
    }

    private double CalibrationError()
    {
        const int bins = 10;
        var (sum, hits, weights) = (new double[bins], new double[bins], new double[bins]);
        foreach (var (sources, label) in new[] { (Of(_board.Attacks, _attacks), 1.0), (Of(_board.Benign, _benign), 0.0) })
        {
            foreach (var source in sources)
            {
                var total = source.Sum(text => text.Weight) * sources.Count;
                foreach (var text in source)
                {
                    var bin = Math.Min(bins - 1, (int)(text.Probability * bins));
                    weights[bin] += text.Weight / total;
                    sum[bin] += text.Probability * text.Weight / total;
                    hits[bin] += label * text.Weight / total;
                }
            }
        }

        return Enumerable.Range(0, bins).Sum(bin => Math.Abs(sum[bin] - hits[bin])) / Math.Max(weights.Sum(), 1e-9);
    }

    private static ScoredText[] WithoutEncoder(IReadOnlyList<ScoredText> texts) => [.. texts.Select(text => text with { Encoder = double.NaN })];

    private static IReadOnlyList<IReadOnlyList<ScoredText>> Of(IEnumerable<string> sources, Dictionary<string, ScoredText[]> texts) =>
        [.. sources.Where(texts.ContainsKey).Select(source => texts[source])];

    private static double Mean(IEnumerable<double> values)
    {
        double[] all = [.. values];
        return all.Length == 0 ? double.NaN : all.Average();
    }

    private static List<LabelledText> Sample(IEnumerable<LabelledText> rows, int most)
    {
        List<LabelledText> all = [.. rows];
        if (all.Count > most)
        {
            new Dice(5).Shuffle(all);
            all.RemoveRange(most, all.Count - most);
        }

        return all;
    }
}
