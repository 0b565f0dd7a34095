namespace McpLedger.Benchmarks.Scaled;

/// <summary>What a <see cref="Topology"/> consists of.</summary>
/// <param name="Brokers">1, or 3 with replication 3 and two replicas in sync at least.</param>
/// <param name="Durable">disk or quorum.</param>
/// <param name="Partitions">Partitions of calls.</param>
internal sealed record TopologyPlan(int Brokers, string Durable, int Partitions)
{
    /// <summary>Whether the first gateway gets a network of its own, and the last broker a small disk of its own.</summary>
    public bool ForFaults { get; init; }

    public int MinInSync => Brokers > 1 ? 2 : 1;
}
