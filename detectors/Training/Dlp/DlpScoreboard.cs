using System.Globalization;
using System.Text;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Detectors.Training.Dlp;

/// <summary>How well one kind of value is found.</summary>
/// <param name="Rule">Its id.</param>
/// <param name="Present">How many there were.</param>
/// <param name="Found">How many of those were found.</param>
/// <param name="False">How many were found that are none.</param>
internal sealed record DlpRow(string Rule, int Present, int Found, int False)
{
    /// <summary>Share of what was found that is one.</summary>
    public double Precision => Found + False == 0 ? 1 : (double)Found / (Found + False);

    /// <summary>Share of what there was that was found.</summary>
    public double Recall => Present == 0 ? 1 : (double)Found / Present;

    /// <summary>The harmonic mean of both.</summary>
    public double F1 => Precision + Recall == 0 ? 0 : 2 * Precision * Recall / (Precision + Recall);
}

/// <summary>Precision and recall by kind over made texts.</summary>
internal static class DlpScoreboard
{
    /// <summary>The rule for values that have no form of their own.</summary>
    public const string Generic = "generic-secret";

    private const ulong HeldOutSeed = 99;

    /// <summary>Measured on texts whose templates, names and seed no training sees.</summary>
    public static IReadOnlyList<DlpRow> HeldOut(bool isQuick) => Of(DlpTexts.Make(HeldOutSeed, isQuick ? 300 : 3000, heldOut: true));

    /// <summary>Searches the texts and compares: a value counts as found when a finding of its rule covers four fifths of it.</summary>
    public static IReadOnlyList<DlpRow> Of(IReadOnlyList<MadeText> texts)
    {
        var counts = new SortedDictionary<string, (int Present, int Found, int False)>(StringComparer.Ordinal);
        var findings = new DlpFindings(1024);
        foreach (var text in texts)
        {
            DlpScan.Run(text.Text, findings);
            var all = findings.All.ToArray();
            foreach (var span in text.Spans)
            {
                var row = counts.GetValueOrDefault(span.Rule);
                var hit = Array.Exists(all, finding => Meets(finding, span));
                counts[span.Rule] = (row.Present + 1, row.Found + (hit ? 1 : 0), row.False);
            }

            foreach (var finding in all)
            {
                // A rule of its own may claim what the generic one was made for: found, and by a better name.
                if (!text.Spans.Any(span => Meets(finding, span) || (finding.Start < span.Start + span.Length && span.Start < finding.End && finding.Rule.Class == DataClass.Secret)))
                {
                    var row = counts.GetValueOrDefault(finding.Rule.Id);
                    counts[finding.Rule.Id] = (row.Present, row.Found, row.False + 1);
                }
            }
        }

        return [.. counts.Select(row => new DlpRow(row.Key, row.Value.Present, row.Value.Found, row.Value.False))];
    }

    /// <summary>The rows as a table.</summary>
    public static string Print(IReadOnlyList<DlpRow> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {row.Rule,-26} {row.Present,5} present {row.Found,5} found {row.False,4} false   P {row.Precision:0.000}  R {row.Recall:0.000}  F1 {row.F1:0.000}\n");
        }

        return text.ToString();
    }

    private static bool Meets(DlpFinding finding, MadeSpan span) =>
        (finding.Rule.Id == span.Rule || (span.Rule == Generic && finding.Rule.Class == DataClass.Secret))
        && Math.Min(finding.End, span.Start + span.Length) - Math.Max(finding.Start, span.Start) >= span.Length * 0.8;
}
