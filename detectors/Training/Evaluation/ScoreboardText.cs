using System.Globalization;
using System.Text;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>The scoreboard as a page of text.</summary>
public static class ScoreboardText
{
    /// <summary>Everything measured, and the table of targets last.</summary>
    public static string Of(ScoreboardReport report)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"model {report.Model}, digest {report.Digest}\n");
        text.Append(report.IsQuick ? "A slice of each source only: these figures are not to be quoted.\n" : "");
        text.Append("One text per cluster of near-copies (the first 160 letters, or four fifths of the runs of five words); thresholds cross-fitted over two halves of the benign clusters; brackets are 95 % intervals over clusters.\n");
        foreach (var board in report.Boards)
        {
            Board(text, board);
        }

        Capability(text, report.Capability);
        Hidden(text, report.Obfuscations);
        text.Append("\nsecrets and personal data in made texts (templates, names and seed held out)\n").Append(DlpScoreboard.Print([.. report.Values.Select(row => new DlpRow(row.Rule, row.Present, row.Found, row.False))]));
        if (report.Curves is { } curves)
        {
            Curves(text, curves);
        }

        if (report.Control.Count > 0)
        {
            text.Append("\nin-distribution control (half of each source in training; tells nothing about new attacks)\n");
            foreach (var row in report.Control)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {row.Source,-22} AUC {row.Auc:0.000}   recall at 1 % {Percent(row.RecallAtOnePercent)}\n");
            }
        }

        text.Append("\ntargets\n");
        foreach (var row in report.Targets)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {(row.IsReached switch { true => "reached", false => "MISSED ", null => "no data" })}  {row.What}: {row.Measured} ({row.Target})\n");
        }

        return text.ToString();
    }

    private static void Board(StringBuilder text, BoardReport board)
    {
        text.Append(CultureInfo.InvariantCulture, $"\n{board.Title}\n");
        text.Append("  macro recall at 0.1 / 1 / 5 %     ").AppendJoin(" / ", board.Macro.Select(Interval)).Append('\n');
        text.Append("  stage one alone                   ").AppendJoin(" / ", board.StageOneMacro.Select(Interval)).Append('\n');
        text.Append(CultureInfo.InvariantCulture, $"  as shipped                        recall {Interval(board.ShippedRecall)} at {Interval(board.ShippedFalsePositiveRate)} false positives\n");
        text.Append(CultureInfo.InvariantCulture, $"  keyword rules                     recall {Percent(board.KeywordRules.Recall)} at {Percent(board.KeywordRules.FalsePositiveRate)} false positives\n");
        text.Append(CultureInfo.InvariantCulture, $"  benign texts that reach stage two {Percent(board.BenignReachingEncoder)}; calibration error {board.CalibrationError:0.000}\n");
        text.Append(CultureInfo.InvariantCulture, $"  {"source",-22} {"",-13} {"rows",6} {"clusters",8} {"AUC",6}  {"at 0.1 %",-20} {"at 1 %",-20} {"at 5 %",-20} shipped\n");
        foreach (var row in board.Sources)
        {
            var auc = row.Auc is { } area ? area.ToString("0.000", CultureInfo.InvariantCulture) : "";
            text.Append(CultureInfo.InvariantCulture, $"  {row.Source,-22} {row.Kind,-13} {row.Rows,6} {row.Clusters,8} {auc,6}  {Narrow(row.Shares[0]),-20} {Narrow(row.Shares[1]),-20} {Narrow(row.Shares[2]),-20} {Narrow(row.Flagged)}\n");
        }

        text.Append("  by length, at 1 %:");
        foreach (var row in board.Lengths)
        {
            text.Append(CultureInfo.InvariantCulture, $"  ≤ {row.UpTo}: recall {Percent(row.Recall)} of {row.Attacks}, false {Percent(row.FalsePositiveRate)} of {row.Benign};");
        }

        text.Append('\n');
    }

    private static void Capability(StringBuilder text, IReadOnlyList<CapabilityRow> rows)
    {
        if (rows.Count > 0)
        {
            text.Append("\ncapability head, share called overtly dangerous as shipped\n");
            foreach (var row in rows)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {row.Source,-22} {(row.IsDangerous ? "dangerous" : "benign"),-13} {row.Texts,6} {Percent(row.Flagged),8}\n");
            }
        }
    }

    private static void Hidden(StringBuilder text, IReadOnlyList<ObfuscationRow> rows)
    {
        if (rows.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\nhidden attacks ({rows[0].Texts}), recall at 1 % and share of the plain recall kept\n");
            foreach (var row in rows)
            {
                text.Append(CultureInfo.InvariantCulture, $"  {row.Transform,-12} {Percent(row.Recall),7}  kept {Percent(row.Kept)}\n");
            }
        }
    }

    private static void Curves(StringBuilder text, CurveReport curves)
    {
        var board = "";
        foreach (var row in curves.Rows)
        {
            if (row.Board != board)
            {
                board = row.Board;
                text.Append(CultureInfo.InvariantCulture, $"\n{$"curves, {board}: recall in % at a rate of",-66}").AppendJoin(' ', curves.Rates.Select(rate => $"{Percent(rate),7}")).Append('\n');
            }

            text.Append(CultureInfo.InvariantCulture, $"  {row.Scoring,-40} {row.Source,-22} ").AppendJoin(' ', row.Recalls.Select(recall => $"{Number(recall),7}")).Append('\n');
        }
    }

    private static string Interval(RateRow row) => Interval(new ShareRow(row.Recall, row.Low, row.High));

    private static string Interval(ShareRow row) => double.IsNaN(row.Low) ? Percent(row.Share) : $"{Percent(row.Share)} [{Percent(row.Low)}–{Percent(row.High)}]";

    private static string Narrow(ShareRow row) => $"{Number(row.Share),5} [{Number(row.Low)}–{Number(row.High)}]";

    private static string Percent(double share) => double.IsNaN(share) ? "–" : Number(share) + " %";

    private static string Number(double share) => double.IsNaN(share) ? "–" : (100 * share).ToString("0.0", CultureInfo.InvariantCulture);
}
