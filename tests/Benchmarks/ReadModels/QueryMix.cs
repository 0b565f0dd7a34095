using McpLedger.Benchmarks.Pipeline;
using McpLedger.Projections.Search;

namespace McpLedger.Benchmarks.ReadModels;

/// <summary>
/// What people ask an audit log: everything of late, one person, one tool, failures, a word, a rare word, a phrase, a prefix, and combinations,
/// some within a stretch of time. Frequent and rare terms are both among them, because they cost an index different things.
/// </summary>
internal static class QueryMix
{
    public static IEnumerable<SearchRequest> Of(DateTimeOffset last)
    {
        var words = MadeCalls.Vocabulary;
        var (frequent, middling, rare) = (words[0], words[words.Count / 4], words[^1]);
        string[] texts =
        [
            "",
            "principal:user-0@example.com",
            "principal:user-499@example.com",
            "server:payroll",
            "tool:export_report",
            "outcome:tool-error",
            "server:github and outcome:tool-error and not tool:get_issue",
            "tool:get_issue and outcome:tool-error",
            "tool:search_ticket and outcome:ok",
            frequent,
            middling,
            rare,
            $"{frequent} and {rare}",
            $"{rare} or {words[^2]}",
            $"\"{words[1]} {words[2]}\"",
            $"{rare[..4]}*",
            $"server:github and principal:user-3@example.com and {frequent}",
            $"tool:get_* and {middling}",
        ];
        foreach (var text in texts)
        {
            yield return new() { Query = text };
        }

        foreach (var text in new[] { "", "server:github", frequent, rare })
        {
            yield return new() { Query = text, From = last - TimeSpan.FromHours(1), To = last };
        }
    }
}
