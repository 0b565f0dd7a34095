using McpLedger.Streaming.Consuming;

namespace McpLedger.Projections.Homes;

/// <summary>Takes records into a home, and builds the home anew.</summary>
internal interface IProjectionHandler : IRecordHandler
{
    /// <summary>Drops every read model and folds the log anew beside those in force, which answer until the new ones take their place.</summary>
    /// <exception cref="IOException">The ledger is damaged; the read models stay as they were.</exception>
    ValueTask<RebuildReport> RebuildAsync(CancellationToken cancellationToken);
}
