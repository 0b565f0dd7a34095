using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Text;
using McpLedger.Detectors.Training.Dlp;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>Each rule on its own examples, and all of them on texts that a generator makes.</summary>
public sealed class DlpScanTests(ITestOutputHelper output)
{
    private readonly DlpFindings _findings = new(256);

    [Fact]
    public void Every_rule_finds_its_examples() => Assert.Empty(RuleExamples.Positive.Where(example => !Finds(example.Rule, example.Text)));

    [Fact]
    public void Every_rule_leaves_alone_what_only_looks_like_it() => Assert.Empty(RuleExamples.Negative.Where(example => Finds(example.Rule, example.Text)));

    [Fact]
    public void Every_rule_has_examples_of_both_kinds() =>
        Assert.Empty(DlpScan.Rules.Select(rule => rule.Id).Where(id => RuleExamples.Positive.All(example => example.Rule != id) || RuleExamples.Negative.All(example => example.Rule != id)));

    [Fact]
    public void Made_values_are_found_and_what_only_looks_like_them_is_not()
    {
        var rows = DlpScoreboard.HeldOut(isQuick: false);
        output.WriteLine(DlpScoreboard.Print(rows));

        Assert.All(rows.Where(row => row.Rule != "generic-secret" && row.Present > 0), row => Assert.True(row.Precision >= 0.98 && row.Recall >= 0.95, $"{row.Rule}: P {row.Precision:0.000} R {row.Recall:0.000}"));
        Assert.True(rows.Single(row => row.Rule == "generic-secret").F1 >= 0.70);
    }

    [Fact]
    public void The_weights_of_the_classifier_are_what_the_trainer_makes() => Assert.Equal(GenericSecretTrainer.Train(), Folding.Lines("generic-secret"));

    [Fact]
    public void Findings_never_overlap_and_stand_in_order()
    {
        foreach (var made in DlpTexts.Make(5, 200, heldOut: true))
        {
            DlpScan.Run(made.Text, _findings);
            var end = 0;
            foreach (var finding in _findings.All)
            {
                Assert.True(finding.Start >= end && finding.End <= made.Text.Length, made.Text);
                end = finding.End;
            }
        }
    }

    [Fact]
    public void Searching_allocates_nothing()
    {
        var texts = DlpTexts.Make(11, 50, heldOut: true).Select(made => made.Text).ToArray();
        Array.ForEach(texts, text => DlpScan.Run(text, _findings));
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var text in texts)
        {
            DlpScan.Run(text, _findings);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private bool Finds(string rule, string text)
    {
        DlpScan.Run(text, _findings);
        return _findings.All.ToArray().Any(finding => finding.Rule.Id == rule);
    }

    [Fact]
    public void A_log_full_of_addresses_leaves_room_for_what_may_not_be_in_it()
    {
        var found = new DlpFindings(64);
        DlpScan.Run(string.Concat(Enumerable.Range(0, 200).Select(i => $"81.2.69.{i} GET /\n")) + MadeValues.WithLuhn("453201511283036"), found);

        Assert.True(found is { IsCut: false, IsAddressCut: true });
        Assert.Equal(65, found.All.Length);
        Assert.Equal(NumberRules.Card, found.All[^1].Rule);
    }
}
