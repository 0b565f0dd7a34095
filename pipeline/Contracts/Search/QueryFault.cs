namespace McpLedger.Contracts.Search;

/// <summary>Why a text is no query.</summary>
/// <param name="Position">Where, in UTF-16 units from 0.</param>
/// <param name="Found">What stands there.</param>
/// <param name="Expected">What could stand there.</param>
/// <param name="Fix">What to write instead.</param>
public sealed record QueryFault(int Position, string Found, string Expected, string Fix)
{
    /// <inheritdoc/>
    public override string ToString() => $"at {Position}: found {Found}, expected {Expected}. {Fix}";
}
