using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>One way from the load to the upstream, in processes of its own.</summary>
internal sealed class Contender(string name, Func<string, Uri> endpoint, IReadOnlyList<Child> processes) : IAsyncDisposable
{
    public string Name => name;

    /// <summary>True when there is a proxy whose CPU time can be told.</summary>
    public bool IsProxy => processes.Count > 0;

    /// <summary>CPU time of the store behind it so far, which is not its own process; null where there is none.</summary>
    public Func<TimeSpan>? Store { get; init; }

    /// <summary>Where it tells what it did besides; null where it does not.</summary>
    public Uri? Figures { get; init; }

    /// <summary>Where calls go.</summary>
    /// <param name="transport">json | sse: how the upstream answers.</param>
    public Uri Endpoint(string transport) => endpoint(transport);

    /// <summary>CPU time, user and system, of the proxy's processes and their children so far.</summary>
    public TimeSpan Cpu() => processes.Aggregate(TimeSpan.Zero, (sum, child) => sum + ProcessFigures.CpuOfTree(child.Id));

    /// <summary>Resident memory of the proxy's processes, bytes.</summary>
    public long Resident() => processes.Sum(child => ProcessFigures.Resident(child.Id));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }
    }
}
