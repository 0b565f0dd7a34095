namespace McpLedger.Projections.Search;

/// <summary>Where events are found by what they say. Hits come newest first: by time, then by id from the last.</summary>
internal interface IEventIndex
{
    /// <summary>A page of what matches, and what it is among where the plan wants that.</summary>
    ValueTask<SearchPage> SearchAsync(SearchPlan plan, CancellationToken cancellationToken);

    /// <summary>The event of that id; null when there is none.</summary>
    ValueTask<Hit?> FindAsync(string id, CancellationToken cancellationToken);

    /// <summary>Messages relayed on the way of a call, oldest first, then by id.</summary>
    ValueTask<IReadOnlyList<Hit>> MessagesAsync(string call, int most, CancellationToken cancellationToken);
}
