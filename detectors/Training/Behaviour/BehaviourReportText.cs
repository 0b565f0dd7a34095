using System.Globalization;
using System.Text;
using McpLedger.Detectors.Training.Evaluation;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>What was measured of behaviour, as a page of text.</summary>
public static class BehaviourReportText
{
    /// <summary>Everything measured, targets last.</summary>
    public static string Of(BehaviourReport report)
    {
        var text = new StringBuilder();
        Line(text, $"\nbehaviour: model {report.Model}, digest {report.Digest}");
        Line(text, $"Runs of six models that nothing was tuned on: {report.Clean} clean, {report.Hijacked} hijacked, {report.Attacked} attacked in vain. What the user said is not seen, as at a gateway.");
        Line(text, $"\nhijacked against clean runs         AUC    TPR at 1 %            at 5 %");
        foreach (var row in report.Scores)
        {
            Line(text, $"  {row.Name,-30}  {row.Auc:0.000}  {string.Join("   ", row.Rates.Select(rate => string.Create(CultureInfo.InvariantCulture, $"{Percent(rate.Recall)} [{Percent(rate.Low)}–{Percent(rate.High)}]")))}");
        }

        foreach (var row in report.Shipped)
        {
            Line(text, $"  as shipped, {row.Name,-18}  clean {Percent(row.Clean)}   hijacked {Percent(row.Hijacked)}   attacked in vain {Percent(row.Attacked)}");
        }

        Loops(text, "loops put into clean runs, by rules", report.Loops);
        Line(text, $"  clean runs with a loop {Percent(report.LoopFalseAlarms)}, all runs {Percent(report.LoopAlarmsInAllRuns)} (some do go in circles); by rule, in a thousand: {Alerts(report.LoopRules)}");
        Loops(text, "faults put into clean runs, by the model", report.Runaway);
        Line(text, $"  clean runs above its threshold {Percent(report.RunawayFalseAlarms)}");
        Line(text, $"\nclean runs in a thousand with a signal of medium level or more: {Alerts(report.AlertsPerThousand)}");
        Line(text, $"\ntargets");
        foreach (var target in Targets(report))
        {
            Line(text, $"  {(target.IsReached switch { true => "reached", false => "MISSED ", null => "no data" })}  {target.What}: {target.Measured} ({target.Target})");
        }

        return text.ToString();
    }

    /// <summary>What is to be reached, and whether it is.</summary>
    public static IReadOnlyList<TargetRow> Targets(BehaviourReport report)
    {
        var (fusion, loops) = (report.Scores[0], report.Loops);
        var (recall, delay) = (loops.Count == 0 ? double.NaN : loops.Min(row => row.WithinFour), loops.Count == 0 ? 0 : loops.Max(row => row.LongestDelay));
        return
        [
            new("hijack fusion: TPR at 1 / 5 % of clean runs", "≥ 75 / 88 %", $"{Percent(fusion.Rates[0].Recall)} / {Percent(fusion.Rates[1].Recall)}", fusion.Rates[0].Recall >= 0.75 && fusion.Rates[1].Recall >= 0.88),
            new("loops: recall within four calls, the weakest kind", "≥ 99 %", string.Create(CultureInfo.InvariantCulture, $"{Percent(recall)}, longest delay {delay}"), recall >= 0.99),
            new("loops: clean runs with one", "≤ 0.5 %", Percent(report.LoopFalseAlarms), report.LoopFalseAlarms <= 0.005),
        ];
    }

    private static void Loops(StringBuilder text, string title, IReadOnlyList<LoopRow> rows)
    {
        Line(text, $"\n{title,-44} runs  found   within 4 calls  longest delay");
        foreach (var row in rows)
        {
            Line(text, $"  {row.Fault,-42} {row.Runs,4}  {Percent(row.Recall)}  {Percent(row.WithinFour),8}  {row.LongestDelay,14}");
        }
    }

    private static string Alerts(IReadOnlyList<AlertRow> rows) => string.Join(", ", rows.Where(row => row.PerThousand > 0).Select(row => string.Create(CultureInfo.InvariantCulture, $"{row.Kind} {row.PerThousand:0.0}")));

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
