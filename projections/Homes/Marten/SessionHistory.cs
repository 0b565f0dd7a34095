using JasperFx.Events;
using Marten.Events.Aggregation;
using McpLedger.Projections.Sessions;

namespace McpLedger.Projections.Homes.Marten;

/// <summary>A session as of a moment, aggregated from its streams whenever it is asked for.</summary>
public sealed class SessionAtMoment
{
    /// <summary>The stream.</summary>
    public string Id { get; set; } = "";

    internal SessionMoment Moment { get; init; } = new();
}

/// <summary>Folds the streams of a session.</summary>
internal sealed class SessionHistory : SingleStreamProjection<SessionAtMoment, string>
{
    public override SessionAtMoment? Evolve(SessionAtMoment? snapshot, string id, IEvent e)
    {
        snapshot ??= new() { Id = id };
        if (e.Data is LedgerEntry entry)
        {
            snapshot.Moment.Apply(entry.Event);
        }

        return snapshot;
    }
}
