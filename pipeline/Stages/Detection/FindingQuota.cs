namespace McpLedger.Stages.Detection;

/// <summary>How many findings of one principal are said in an hour, by the clock of events: who floods the ledger must not flood those who read findings.</summary>
internal sealed class FindingQuota(int perHour)
{
    private const int MaxPrincipals = 10_000;
    private readonly Dictionary<string, (long Hour, int Said)> _said = new(StringComparer.Ordinal);

    /// <summary>Counts one; false when the hour's findings are spent.</summary>
    public bool TryTake(string principal, DateTimeOffset at)
    {
        var hour = at.UtcTicks / TimeSpan.TicksPerHour;
        if (_said.Count >= MaxPrincipals && !_said.ContainsKey(principal))
        {
            _said.Clear();
        }

        var (since, said) = _said.GetValueOrDefault(principal);
        hour = Math.Max(hour, since);
        said = since == hour ? said : 0;
        _said[principal] = (hour, said + 1);
        return said < perHour;
    }
}
