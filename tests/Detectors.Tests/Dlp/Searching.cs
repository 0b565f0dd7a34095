using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Tests.Text;

namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>Short ways to search a text in tests: rules and values, in order.</summary>
internal static class Searching
{
    public static (string Rule, string Value)[] Text(string text)
    {
        var found = new DlpFindings(256);
        DlpScan.Run(text, found);
        return Named(text, found);
    }

    public static (string Rule, string Value)[] Json(string message)
    {
        var found = new DlpFindings(256);
        var text = Reading.Json(message);
        DlpScan.Run(text, found);
        return Named(text.Plain.ToString(), found);
    }

    private static (string Rule, string Value)[] Named(string text, DlpFindings found) => [.. found.All.ToArray().Select(finding => (finding.Rule.Id, text.Substring(finding.Start, finding.Length)))];
}
