namespace McpLedger.Projections.Api;

/// <summary>
/// Records that somebody read the ledger: actor, action (search | read | tail | rebuild), and the query or id. What it cannot record does not happen.
/// </summary>
/// <param name="record">Makes the access durable; false when it cannot.</param>
public sealed class AccessRecorder(Func<string, string, string, CancellationToken, ValueTask<bool>> record)
{
    /// <summary>Longest detail that is recorded, UTF-16 units.</summary>
    public const int LongestDetail = 4_096;

    /// <summary>Records an access.</summary>
    /// <returns>False when it could not be recorded: then it may not happen (I1).</returns>
    internal ValueTask<bool> TryRecordAsync(string actor, string action, string detail, CancellationToken cancellationToken) =>
        record(actor, action, detail.Length > LongestDetail ? detail[..LongestDetail] : detail, cancellationToken);
}
