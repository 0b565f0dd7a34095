using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Tests.Folds;

public sealed class FindingTests
{
    [Fact]
    public async Task A_finding_that_is_raised_again_says_nothing_new_and_the_last_judgement_counts()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(11), new MemoryLedger());
        var finding = given.Finding(FindingDetectors.Loop, Severity.High, "s-1");
        given.Append(ledger, finding);
        given.Pass(TimeSpan.FromSeconds(1));
        given.Append(ledger, finding with { Explanation = "said again" });
        given.Append(ledger, new FindingReviewed(finding.Finding, FindingReviewed.Confirmed, "eve", null));
        given.Append(ledger, new FindingReviewed(finding.Finding, FindingReviewed.Rejected, "ada", "ours"));
        await home.FoldAsync(ledger, batchBytes: 1);

        var view = await home.Queries(ledger).FindingAsync(finding.Finding, CancellationToken.None);

        Assert.Equal(("what was found", "high", "rejected", "ada", "ours"), (view!.Explanation, view.Severity, view.State, view.ReviewedBy, view.Note));
    }

    [Fact]
    public async Task A_judgement_of_what_was_never_found_makes_no_finding()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(12), new MemoryLedger());
        var unknown = given.NewId();
        given.Append(ledger, new FindingReviewed(unknown, FindingReviewed.Confirmed, "eve", null));
        await home.FoldAsync(ledger);
        Assert.Null(await home.Queries(ledger).FindingAsync(unknown, CancellationToken.None));
    }

    [Fact]
    public async Task Pages_of_findings_hold_every_one_once_and_filters_are_held()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(13), new MemoryLedger());
        for (var i = 0; i < 60; i++)
        {
            given.Append(ledger, given.Finding(i % 3 == 0 ? FindingDetectors.Hijack : FindingDetectors.Loop, (Severity)(i % 4), $"s-{i % 5}"));
            given.Pass(TimeSpan.FromMilliseconds(i % 2));
        }

        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var (page, _) = await queries.FindingsAsync(new() { Limit = 7, Cursor = cursor }, CancellationToken.None);
            seen.AddRange(page!.Items.Select(finding => finding.Finding));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        Assert.Equal((60, 60), (seen.Count, seen.Distinct(StringComparer.Ordinal).Count()));
        var (loops, _) = await queries.FindingsAsync(new() { Detector = FindingDetectors.Hijack, Severity = "low", State = "open", Session = "s-0", Limit = 100 }, CancellationToken.None);
        Assert.Single(loops!.Items);
        Assert.NotNull((await queries.FindingsAsync(new() { Limit = 0 }, CancellationToken.None)).Fault);
    }
}
