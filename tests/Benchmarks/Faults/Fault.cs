using McpLedger.Benchmarks.Scaled;

namespace McpLedger.Benchmarks.Faults;

/// <summary>Something that happens to a running topology, for real.</summary>
/// <param name="Name">What the command line calls it.</param>
/// <param name="What">What happens, for the table.</param>
/// <param name="StrikeAsync">Makes it happen for the given time (counted from 0) and calls the action at the moment from which recovering is timed: when it is over, or at once where nothing but starting again is to be done.</param>
internal sealed record Fault(string Name, string What, Func<Topology, int, Action, Task> StrikeAsync)
{
    /// <summary>Whether it is about brokers, and so matters to both ways of being durable.</summary>
    public bool OfBrokers { get; init; }

    /// <summary>Why it cannot be made to happen here; null when it can.</summary>
    public Func<Topology, string?> Lacks { get; init; } = static _ => null;

    /// <summary>What has to be set up before the first time.</summary>
    public Func<Topology, Task> PrepareAsync { get; init; } = static _ => Task.CompletedTask;

    /// <summary>Undoes <see cref="PrepareAsync"/>.</summary>
    public Func<Topology, Task> EndAsync { get; init; } = static _ => Task.CompletedTask;
}
