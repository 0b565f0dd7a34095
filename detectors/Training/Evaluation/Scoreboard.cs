using System.Text.Json;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Data;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>What is measured, and over how much.</summary>
public sealed record ScoreboardRequest
{
    /// <summary>The folder that has <c>dev/</c> (and <c>train/</c>, which only the control needs).</summary>
    public required string Data { get; init; }

    /// <summary>Scores a slice of each source: for tests, never to be quoted.</summary>
    public bool IsQuick { get; init; }

    /// <summary>Also draws curves of recall by false-positive rate; the encoder reads every text for it.</summary>
    public bool WithCurves { get; init; }

    /// <summary>Also trains the in-distribution control.</summary>
    public bool WithControl { get; init; }
}

/// <summary>Measures a model on the public scoreboard: figures by source and cluster, with intervals, and which targets are reached.</summary>
public static class Scoreboard
{
    private const int QuickTexts = 60;
    private const int Obfuscated = 120;

    /// <summary>Scores everything and counts.</summary>
    /// <param name="model">The model.</param>
    /// <param name="request">What is measured.</param>
    /// <param name="progress">Hears one line a step.</param>
    public static ScoreboardReport Run(InjectionModel model, ScoreboardRequest request, IProgress<string> progress)
    {
        var corpus = new Corpus(Path.Combine(request.Data, "dev"));
        var scorer = new Scorer(model) { AsksAlways = request.WithCurves };
        var most = request.IsQuick ? QuickTexts : int.MaxValue;
        Dictionary<TextChannel, BoardEvaluation> boards = [];
        foreach (var board in Board.All)
        {
            progress.Report($"scoring {board.Title}");
            boards[board.Channel] = new(board, corpus, scorer, most);
        }

        progress.Report("scoring hidden attacks");
        var obfuscations = Hidden(corpus, new(model), boards[TextChannel.Response], request.IsQuick ? 12 : Obfuscated);
        progress.Report("scoring capabilities");
        var capability = CapabilityBoard.Run(model, corpus, most);
        progress.Report("searching for values");
        var values = DlpScoreboard.HeldOut(request.IsQuick);
        IReadOnlyList<ControlRow> control = [];
        if (request.WithControl)
        {
            progress.Report("training the in-distribution control");
            control = InDistributionControl.Run(model, corpus);
        }

        return new()
        {
            Model = model.Id,
            Digest = model.Digest,
            IsQuick = request.IsQuick,
            Boards = [.. boards.Values.Where(board => !board.IsEmpty).Select(board => board.Report())],
            Obfuscations = obfuscations,
            Capability = capability,
            Control = control,
            Values = [.. values.Select(row => new ValueRow(row.Rule, row.Present, row.Found, row.False, row.Precision, row.Recall, row.F1))],
            Curves = request.WithCurves ? Curves.Of(boards) : null,
            Targets = ScoreboardTargets.Of(boards, obfuscations, capability, values),
        };
    }

    /// <summary>The report as JSON.</summary>
    public static byte[] ToJson(ScoreboardReport report) => JsonSerializer.SerializeToUtf8Bytes(report, ScoreboardJson.Default.ScoreboardReport);

    /// <summary>Both reports as one JSON document; what was not measured is left out.</summary>
    public static byte[] ToJson(ScoreboardReport? texts, Behaviour.BehaviourReport? behaviour)
    {
        if (behaviour is null && texts is not null)
        {
            return ToJson(texts);
        }

        var document = new System.Text.Json.Nodes.JsonObject();
        if (texts is not null)
        {
            document["texts"] = JsonSerializer.SerializeToNode(texts, ScoreboardJson.Default.ScoreboardReport);
        }

        if (behaviour is not null)
        {
            document["behaviour"] = JsonSerializer.SerializeToNode(behaviour, ScoreboardJson.Default.BehaviourReport);
        }

        return System.Text.Encoding.UTF8.GetBytes(document.ToJsonString(new() { WriteIndented = true, NewLine = "\n" }));
    }

    private static List<ObfuscationRow> Hidden(Corpus corpus, Scorer scorer, BoardEvaluation board, int most)
    {
        List<ObfuscationRow> rows = [];
        var texts = Obfuscations.Texts(corpus, most);
        var plain = 0d;
        foreach (var (name, apply) in Obfuscations.All)
        {
            if (texts.Count == 0 || board.IsEmpty)
            {
                break;
            }

            var dice = new Dice(5);
            LabelledText[] hidden = [.. texts.Select(each => new LabelledText(name, IsAttack: true, "tool_response", "", each.Text[..each.Start] + apply(each.Text.Substring(each.Start, each.Length), dice) + each.Text[(each.Start + each.Length)..]))];
            var recall = board.Fit.Share(scorer.Score(hidden, TextChannel.Response).Select(text => text with { Weight = 1 }), 0.01);
            plain = rows.Count == 0 ? recall : plain;
            rows.Add(new(name, texts.Count, recall, plain > 0 ? recall / plain : double.NaN));
        }

        return rows;
    }
}
