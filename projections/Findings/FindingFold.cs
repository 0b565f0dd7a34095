using McpLedger.Contracts.Events;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Findings;

/// <summary>Keeps findings and what analysts made of them. The first event of a finding counts: whoever raises it again says nothing new. The last judgement counts.</summary>
internal static class FindingFold
{
    public const string Open = "open";

    public static Fold<FindingView> Fold { get; } = new("findings", Keys, Evolve, ViewJson.Default.FindingView);

    private static IEnumerable<string> Keys(LedgerEvent read) => read.Data switch
    {
        FindingRaised e => [e.Finding.ToString()],
        FindingReviewed e => [e.Finding.ToString()],
        _ => [],
    };

    private static FindingView? Evolve(FindingView? view, string key, LedgerEvent read) => read.Data switch
    {
        FindingRaised e when view is null => Raised(e, key, read.Header),
        FindingReviewed e when view is not null => view with { State = e.Verdict, ReviewedBy = e.By, Reviewed = read.Header.Time, Note = e.Note },
        _ => view,
    };

    private static FindingView Raised(FindingRaised e, string key, EventHeader header) => new()
    {
        Finding = key,
        Raised = header.Time,
        Event = header.Id.ToString(),
        Detector = e.Detector,
        Rule = e.Rule,
        Severity = SearchDocuments.NameOf(e.Severity),
        State = Open,
        Call = e.Call?.ToString(),
        Calls = [.. e.Calls.Take(FindingRaised.MaxCalls).Select(call => call.ToString())],
        Session = e.Session,
        Principal = e.Principal,
        Client = e.Client,
        Server = e.Server,
        Tool = e.Tool,
        Channel = e.Channel,
        Score = e.Score is { } score ? new(score.Value, score.Threshold, score.Model, score.Digest.ToString()) : null,
        Spans = [.. e.Spans.Take(FindingRaised.MaxSpans).Select(span => new SpanView(span.Path, span.Start, span.Length))],
        Explanation = e.Explanation,
        Text = e.Text?.ToString(),
        Effects = e.Effects,
        Late = e.Late,
    };
}
