using McpLedger.Benchmarks.Scaled;

namespace McpLedger.Benchmarks.Faults;

/// <summary>The faults of the table.</summary>
internal static class AllFaults
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Cut = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Full = TimeSpan.FromSeconds(10);

    public static IReadOnlyList<Fault> List { get; } =
    [
        new("gateway", "kill -9 of a gateway, each in turn", static (t, round, lifted) => KillAsync(t.Gateways[round % t.Gateways.Count], lifted)),
        new("pipeline", "kill -9 of the pipeline", static (t, _, lifted) => KillAsync(t.Pipeline, lifted)),
        new("projections", "kill -9 of the projections", static (t, _, lifted) => KillAsync(t.Projections, lifted)),
        new("postgres", "kill -9 of PostgreSQL", static async (t, _, lifted) =>
        {
            await t.Postgres.KillAsync();
            lifted();
            await t.Postgres.RestartAsync();
        }),
        new("opensearch", "kill -9 of OpenSearch", static async (t, _, lifted) =>
        {
            await t.Search.KillAsync();
            lifted();
            await t.Search.StartAsync();
        }),
        new("broker", "kill -9 of a broker, each in turn", static async (t, round, lifted) =>
        {
            await t.Kafka.KillAsync(round % t.Plan.Brokers);
            lifted();
            await t.Kafka.StartAsync(round % t.Plan.Brokers);
        }) { OfBrokers = true },
        new("broker-paused", $"SIGSTOP of a broker, each in turn, for {Pause.TotalSeconds:0} s", static async (t, round, lifted) =>
        {
            t.Kafka.Pause(round % t.Plan.Brokers);
            await Task.Delay(Pause);
            t.Kafka.Resume(round % t.Plan.Brokers);
            lifted();
        }) { OfBrokers = true },
        new("gateway-and-replicas", $"kill -9 of a gateway, each in turn, while two of three brokers hang for {Hang.TotalSeconds:0} s", static async (t, round, lifted) =>
        {
            // What the third one has by now is seen by no reader until they are back, and the gateway begins anew before that.
            int[] hanging = [.. Enumerable.Range(0, t.Plan.Brokers).Where(node => node != round % t.Plan.Brokers)];
            Array.ForEach(hanging, t.Kafka.Pause);
            await Task.Delay(Hang / 4);
            await t.Gateways[round % t.Gateways.Count].KillAsync();
            var starting = t.Gateways[round % t.Gateways.Count].StartAsync();
            await Task.Delay(Hang * 3 / 4);
            Array.ForEach(hanging, t.Kafka.Resume);
            lifted();
            await starting;
        }) { OfBrokers = true },
        new("network-cut", $"the cable between gateway and brokers pulled for {Cut.TotalSeconds:0} s", static async (t, _, lifted) =>
        {
            await t.Network!.CutAsync();
            await Task.Delay(Cut);
            await t.Network.MendAsync();
            lifted();
        }) { OfBrokers = true, Lacks = static t => t.Network is null ? t.Missing.FirstOrDefault() : null },
        new("disk-full", $"a broker's disk full for {Full.TotalSeconds:0} s", static async (t, _, lifted) =>
        {
            var node = t.Plan.Brokers - 1;
            t.Disk!.Fill();
            await Task.Delay(Full);
            t.Disk.Free();
            lifted();
            if (t.Kafka.HasEnded(node))
            {
                await t.Kafka.StartAsync(node);
            }
        }) { OfBrokers = true, Lacks = static t => t.Disk is null ? t.Missing.LastOrDefault() : null },
        new("clock", "the clocks of a gateway and of the pipeline an hour ahead for 10 s, then back", static (t, _, lifted) => FalseClock.JumpAsync(t, lifted))
        {
            Lacks = static _ => FalseClock.Lacks,
            PrepareAsync = static t => FalseClock.WearAsync(t),
            EndAsync = static t => FalseClock.TakeOffAsync(t),
        },
    ];

    private static async Task KillAsync(RoleProcess role, Action lifted)
    {
        await role.KillAsync();
        lifted();
        await role.StartAsync();
    }
}
