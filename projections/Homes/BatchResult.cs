namespace McpLedger.Projections.Homes;

/// <summary>What became of a batch: every record is one of these.</summary>
/// <param name="Folded">Events that took effect.</param>
/// <param name="Repeated">Second copies of events that had.</param>
/// <param name="LastMicros">Newest time among the events, microseconds since 1970 UTC.</param>
internal readonly record struct BatchResult(int Folded, int Repeated, long LastMicros);
