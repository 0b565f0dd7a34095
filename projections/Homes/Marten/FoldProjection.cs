using JasperFx.Events;
using Marten;
using Marten.Events.Projections;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>Hands events to folds, in the order of the ledger: streams come one by one, and what belongs to a call or a partition may stand in two.</summary>
internal sealed class FoldProjection(IReadOnlyList<ViewFold> folds) : IProjection
{
    public async Task ApplyAsync(IDocumentOperations operations, IReadOnlyList<IEvent> events, CancellationToken cancellation)
    {
        var read = events.Select(e => e.Data).OfType<LedgerEntry>()
            .OrderBy(e => e.Partition.Log).ThenBy(e => e.Partition.Number).ThenBy(e => e.Offset)
            .Select(e => e.Event).ToArray();
        foreach (var fold in folds)
        {
            await fold.ApplyAsync(operations, read, cancellation);
        }
    }
}
