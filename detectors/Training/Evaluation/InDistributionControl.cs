using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Training.Augmentation;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Fitting;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>
/// What the same scorer reaches when half of every scoreboard source is in its training: the figure that looks splendid and says nothing, shown beside the one that does. Its weights are thrown away.
/// </summary>
internal static class InDistributionControl
{
    public static IReadOnlyList<ControlRow> Run(InjectionModel model, Corpus corpus)
    {
        var board = Board.Response;
        List<TrainingText> training = [];
        Dictionary<(string, bool), TrainingText[]> held = [];
        foreach (var (source, isAttack) in board.Benign.Select(source => (source, false)).Concat(board.Attacks.Select(source => (source, true))))
        {
            TrainingText[] rows = [.. corpus.Of(isAttack, source).Select(row => MarkedText.Read(row.Text, isAttack))];
            new Dice(7).Shuffle(rows);
            training.AddRange(rows.Take(rows.Length / 2));
            held[(source, isAttack)] = [.. rows.Skip(rows.Length / 2)];
        }

        var weights = WideDeepTrainer.Train(training, model.Vocabulary, new() { Epochs = 3 });
        var scan = new InjectionReading();
        WeightedScore[] Scores(string source, bool isAttack, double weight) => [.. held[(source, isAttack)].Select(text => new WeightedScore(Logit(text.Text), weight))];
        double Logit(string text)
        {
            scan.Clear();
            scan.Score(text, -1, weights, model.Vocabulary);
            return scan.Best.Logit;
        }

        WeightedScore[][] benign = [.. board.Benign.Select(source => Scores(source, false, 1.0 / Math.Max(1, held[(source, false)].Length)))];
        var threshold = Metrics.Threshold(benign, 0.01);
        WeightedScore[] all = [.. benign.SelectMany(source => source)];
        return [.. board.Attacks.Select(source => (source, scores: Scores(source, true, 1))).Where(each => each.scores.Length > 0)
            .Select(each => new ControlRow(each.source, Metrics.Auc(each.scores, all), Metrics.ShareAbove(each.scores, threshold)))];
    }
}
