using McpLedger.Streaming.Consuming;

namespace McpLedger.Projections.Homes;

/// <summary>Takes records into a home, and builds the home anew.</summary>
internal interface IProjectionHandler : IRecordHandler
{
    /// <summary>Drops every read model and folds the log anew beside those in force, which answer until the new ones take their place.</summary>
    /// <exception cref="IOException">The ledger is damaged; the read models stay as they were.</exception>
    ValueTask<RebuildReport> RebuildAsync(CancellationToken cancellationToken);

    /// <summary>Forgets the events that the ledger does not keep any more, once there are enough of them to be worth it.</summary>
    /// <returns>How many were forgotten.</returns>
    /// <exception cref="IOException">The ledger is damaged; the read models stay as they were.</exception>
    ValueTask<long> ForgetDroppedAsync(CancellationToken cancellationToken);
}
