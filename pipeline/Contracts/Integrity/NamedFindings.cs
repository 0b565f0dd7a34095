using System.Globalization;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>Findings of a partition, so many of a kind by name and the rest by number: whoever writes hostile records must not fill the memory of who verifies them.</summary>
internal sealed class NamedFindings(LedgerPartition partition, ICollection<VerificationFinding> findings)
{
    private const int MostNamed = 100;

    private readonly Dictionary<(string Check, VerificationSeverity Severity), long> _counts = [];

    public void Add(VerificationFinding finding)
    {
        var key = (finding.Check, finding.Severity);
        if ((_counts[key] = _counts.GetValueOrDefault(key) + 1) <= MostNamed)
        {
            findings.Add(finding);
        }
    }

    /// <summary>Says how many more there were.</summary>
    public void Complete()
    {
        foreach (var ((check, severity), count) in _counts.Where(static c => c.Value > MostNamed))
        {
            findings.Add(new()
            {
                Check = check,
                Severity = severity,
                Partition = partition,
                Count = count - MostNamed,
                Found = string.Create(CultureInfo.InvariantCulture, $"{count - MostNamed} more of these"),
            });
        }

        _counts.Clear();
    }
}
