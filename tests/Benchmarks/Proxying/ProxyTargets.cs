using McpLedger.Benchmarks.Contenders;

namespace McpLedger.Benchmarks.Proxying;

/// <summary>What strict recording has to reach, per transport, judged from the rows.</summary>
internal static class ProxyTargets
{
    private static readonly (string Contender, int Connections, double Least)[] Least =
    [
        (Lineup.Strict, 16, 0.50), (Lineup.Strict, 64, 0.70), (Lineup.KafkaDisk, 16, 0.35), (Lineup.KafkaDisk, 64, 0.50), (Lineup.KafkaQuorum, 16, 0.20), (Lineup.KafkaQuorum, 64, 0.40),
        (Lineup.Screened, 16, 0.20),
    ];

    public static IEnumerable<(string Target, bool Reached)> Judge(IReadOnlyList<ProxyRow> rows, double syncMs)
    {
        foreach (var transport in rows.Select(row => row.Transport).Distinct())
        {
            ProxyRow? Find(string contender, int connections) =>
                rows.FirstOrDefault(row => row.Contender == contender && row.Connections == connections && row.Transport == transport);

            foreach (var (contender, connections, least) in Least)
            {
                if (Find(contender, connections)?.RatioToBareYarp is { } ratio)
                {
                    yield return ($"{transport}: {contender}: throughput at {connections} ≥ {least:0.00} × bare YARP: {ratio:0.00}", ratio >= least);
                }
            }

            if (Find(Lineup.Strict, 16) is { } strict && Find(Lineup.BareYarp, 16) is { } yarp)
            {
                yield return ($"{transport}: p99 at 16 ≤ 3 × bare YARP's: {strict.P99Ms:0.00} ms against {yarp.P99Ms:0.00} ms ({strict.P99Ms / yarp.P99Ms:0.0} ×)", strict.P99Ms <= 3 * yarp.P99Ms);
                yield return ($"{transport}: CPU per request at 16 ≤ 2.5 × bare YARP's: {strict.CpuMsPerRequest:0.000} ms against {yarp.CpuMsPerRequest:0.000} ms ({strict.CpuMsPerRequest / yarp.CpuMsPerRequest:0.0} ×)", strict.CpuMsPerRequest <= 2.5 * yarp.CpuMsPerRequest);
            }

            if (Find(Lineup.Strict, 1) is { } alone && Find(Lineup.BareYarp, 1) is { } base1)
            {
                var added = alone.P50Ms - base1.P50Ms;
                var most = (2 * syncMs) + 0.2;
                yield return ($"{transport}: p50 added to bare YARP's at 1 ≤ 2 × fdatasync + 0.2 ms = {most:0.000} ms: {added:0.000} ms", added <= most);
            }
        }
    }
}
