namespace McpLedger.Benchmarks.Proxying;

/// <summary>One line of the result: a contender at a number of connections, answered in one transport. Medians over the rounds.</summary>
internal sealed record ProxyRow
{
    public string Scenario { get; init; } = "tools/call";

    public required string Contender { get; init; }

    public required int Connections { get; init; }

    public required string Transport { get; init; }

    public required double Rps { get; init; }

    public required double P50Ms { get; init; }

    public required double P95Ms { get; init; }

    public required double P99Ms { get; init; }

    /// <summary>CPU time of the proxy's process per request; null for direct, which has none.</summary>
    public required double? CpuMsPerRequest { get; init; }

    /// <summary>CPU time of the store behind the proxy per request; null where that is the proxy's own process.</summary>
    public double? StoreCpuMsPerRequest { get; init; }

    /// <summary>Requests per second against bare YARP in the same round, median over the rounds; null where it took no part.</summary>
    public required double? RatioToBareYarp { get; init; }

    /// <summary>Requests per second against nginx in the same round, median over the rounds; null where it took no part.</summary>
    public required double? RatioToNginx { get; init; }
}
