using System.Globalization;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>CPU time and memory of every process of a topology, at one moment.</summary>
internal sealed class TopologyFigures
{
    private readonly Dictionary<string, (TimeSpan Cpu, long Resident)> _parts;

    private TopologyFigures(Dictionary<string, (TimeSpan, long)> parts) => _parts = parts;

    public static TopologyFigures Take(Topology topology)
    {
        (string Name, int Process)[] parts =
        [
            .. topology.Roles.Where(r => r.Runs).Select(r => (r.Name, r.Id)),
            .. topology.Balancer is { } balancer ? [("balancer", balancer.Id)] : Array.Empty<(string, int)>(),
            .. Enumerable.Range(0, topology.Plan.Brokers).Select(n => ($"broker-{n + 1}", topology.Kafka.ProcessOf(n))),
            ("postgres", topology.Postgres.Id),
            ("opensearch", topology.Search.Id),
        ];
        return new(parts.Select(p => p.Name).Zip(ProcessTrees.Of([.. parts.Select(p => p.Process)])).ToDictionary(p => p.First, p => p.Second));
    }

    /// <summary>CPU microseconds that each part spent on one of <paramref name="things"/> since <paramref name="before"/>, and how much memory it has.</summary>
    public string Line(TopologyFigures before, long things) => string.Join(", ", _parts.Select(p => string.Create(CultureInfo.InvariantCulture,
        $"{p.Key} {Since(p.Key, before).TotalMicroseconds / Math.Max(1, things):0} µs {p.Value.Resident / 1048576} MiB")));

    /// <summary>Resident bytes of a part.</summary>
    public long ResidentOf(string name) => _parts[name].Resident;

    /// <summary>CPU time of a part since <paramref name="before"/>; all of it where it was not there then.</summary>
    public TimeSpan Since(string name, TopologyFigures before) => _parts[name].Cpu - before._parts.GetValueOrDefault(name).Cpu;
}
