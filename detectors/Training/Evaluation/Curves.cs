using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>
/// Recall by false-positive rate: what each part of a model reaches alone, what they reach as they are shipped, and other ways to put them together that need no training. All from one scoring of the texts.
/// </summary>
internal static class Curves
{
    private const string Mean = "mean";
    private const string AgentDyn = "agentdyn_attack";
    private static readonly double[] Rates = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1];

    private static readonly Scoring Shipped = new("as shipped", static text => text);

    private static readonly Scoring[] ResponseParts =
    [
        new("stage one alone", static text => text with { Encoder = double.NaN }),
        new("encoder alone, no gate, two windows", static text => Asked(text, 2), static (_, text) => text.ReachedEncoder ? text.Encoder : double.NegativeInfinity),
        Shipped,
    ];

    private static readonly Scoring[] ResponseVariants =
    [
        new("one window", static text => Gated(text, 1)),
        new("four windows", static text => Gated(text, 4)),
        new("no gate, two windows", static text => Asked(text, 2)),
        new("no gate, four windows", static text => Asked(text, 4)),
        new("the larger tail instead of the sum", static text => text, static (curves, text) => Math.Max(curves.StageOne.Of(text.StageOne), EncoderTail(curves, text))),
        new("root of the sum of squares", static text => text, static (curves, text) => TailCurve.Joined(curves.StageOne.Of(text.StageOne), EncoderTail(curves, text))),
        new("the encoder's tail counts half", static text => text, static (curves, text) => curves.StageOne.Of(text.StageOne) + (0.5 * EncoderTail(curves, text))),
        new("the encoder's tail counts twice", static text => text, static (curves, text) => curves.StageOne.Of(text.StageOne) + (2 * EncoderTail(curves, text))),
    ];

    private static readonly Scoring[] UserParts =
    [
        new("words alone", static text => text with { Odd = double.NaN }),
        new("odd tokens alone", static text => text, static (_, text) => text.Odd),
        Shipped,
        new("sum of both tails", static text => text, static (curves, text) => curves.StageOne.Of(text.StageOne) + (curves.Odd?.Of(text.Odd) ?? 0)),
    ];

    private static readonly Scoring[] DefinitionParts =
    [
        new("head alone", static text => text with { MarkTail = 0 }),
        new("marks alone", static text => text, static (_, text) => text.MarkTail),
        Shipped,
        new("the larger tail instead of the sum", static text => text, static (curves, text) => Math.Max(curves.StageOne.Of(text.StageOne), text.MarkTail)),
        new("marks count half", static text => text with { MarkTail = text.MarkTail / 2 }),
        new("marks count twice", static text => text with { MarkTail = text.MarkTail * 2 }),
    ];

    public static CurveReport Of(IReadOnlyDictionary<TextChannel, BoardEvaluation> boards)
    {
        List<CurveRow> rows = [];
        Draw(rows, Board.Response, boards, ResponseParts, Board.Response.Attacks);
        Draw(rows, Board.Response, boards, ResponseVariants, [AgentDyn]);
        var response = boards[TextChannel.Response];
        var own = response.Benign("agentdyn_clean");
        if (own.Count > 0)
        {
            rows.AddRange(ResponseParts.Concat(ResponseVariants).Select(scoring => new CurveRow("AgentDyn alone, at its own rate", scoring.Name, AgentDyn, RecallsOf(response.Attacks(AgentDyn), scoring.Over([own]), scoring))));
        }

        Draw(rows, Board.User, boards, UserParts, Board.User.Attacks);
        Draw(rows, Board.Definition, boards, DefinitionParts, Board.Definition.Attacks);
        return new(Rates, rows);
    }

    private static void Draw(List<CurveRow> rows, Board board, IReadOnlyDictionary<TextChannel, BoardEvaluation> boards, Scoring[] scorings, string[] shown)
    {
        var evaluation = boards[board.Channel];
        IReadOnlyList<ScoredText>[] benign = [.. board.Benign.Select(evaluation.Benign).Where(texts => texts.Count > 0)];
        (string Source, IReadOnlyList<ScoredText> Texts)[] attacks = [.. board.Attacks.Select(source => (source, evaluation.Attacks(source))).Where(each => each.Item2.Count > 0)];
        foreach (var scoring in benign.Length == 0 || attacks.Length == 0 ? [] : scorings)
        {
            var fit = scoring.Over(benign);
            var recalls = attacks.Select(each => (each.Source, Recalls: RecallsOf(each.Texts, fit, scoring))).ToArray();
            rows.AddRange(recalls.Where(each => shown.Contains(each.Source)).Select(each => new CurveRow(board.Title, scoring.Name, each.Source, each.Recalls)));
            rows.Add(new(board.Title, scoring.Name, Mean, [.. Rates.Select((_, i) => recalls.Average(each => each.Recalls[i]))]));
        }
    }

    private static double[] RecallsOf(IReadOnlyList<ScoredText> attacks, CrossFit fit, Scoring scoring)
    {
        ScoredText[] seen = [.. attacks.Select(scoring.See)];
        return [.. Rates.Select(rate => fit.Share(seen, rate))];
    }

    private static ScoredText Asked(ScoredText text, int windows) => text with { Encoder = text.Windows.Count == 0 ? double.NaN : text.Windows.Take(windows).Max() };

    private static ScoredText Gated(ScoredText text, int windows) => text.ReachedEncoder ? Asked(text, windows) : text;

    private static double EncoderTail(FittedCurves curves, ScoredText text) => text.ReachedEncoder ? curves.StageTwo?.Of(text.Encoder) ?? 0 : 0;

    /// <summary>What a way of scoring sees of a text, and how it makes one number of that.</summary>
    private sealed record Scoring(string Name, Func<ScoredText, ScoredText> See, Func<FittedCurves, ScoredText, double>? Tail = null)
    {
        public CrossFit Over(IReadOnlyList<IReadOnlyList<ScoredText>> benign)
        {
            ScoredText[][] seen = [.. benign.Select(source => source.Select(See).ToArray())];
            return Tail is null ? new(seen) : new(seen, Tail);
        }
    }
}
