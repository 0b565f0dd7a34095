using System.Text.Json.Serialization.Metadata;
using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Folds;

/// <summary>A read model as a pure function of the log. It knows no database: every home keeps the same views.</summary>
/// <param name="Name">Name of the views, plural, <c>[a-z_]+</c>.</param>
/// <param name="Keys">Keys of the views that an event touches.</param>
/// <param name="Evolve">The view after the event; null stays null where the event makes no view.</param>
/// <param name="Shape">How a view is written down; digests are over exactly that.</param>
/// <remarks>Events of one partition come in order; events of two partitions come in any, so what both touch must not depend on it.</remarks>
public sealed record Fold<TView>(
    string Name,
    Func<LedgerEvent, IEnumerable<string>> Keys,
    Func<TView?, string, LedgerEvent, TView?> Evolve,
    JsonTypeInfo<TView> Shape)
    where TView : class;
