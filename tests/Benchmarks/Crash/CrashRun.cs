using System.Diagnostics;
using McpLedger.Benchmarks.Contenders;
using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Crash;

/// <summary>
/// Kills <c>mcpledger up</c> (SIGKILL) at random moments under load, and compares what clients were answered with what lies in the ledger.
/// A killed process loses nothing that it wrote to the kernel, so this proves order and recovery; that a write was durable is what fdatasync says.
/// </summary>
internal sealed class CrashRun(int kills, int connections, int seed)
{
    private static readonly TimeSpan ShortestLife = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestWaitForKey = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan LongestLife = TimeSpan.FromMilliseconds(1500);

    // A program's first calls compile it: on a busy machine that takes longer than any life. One kill in five falls into it all the same.
    private static readonly TimeSpan LongestBeginning = TimeSpan.FromSeconds(20);
    private const int ColdEvery = 5;

    public async Task<CrashReport> RunAsync(string folder)
    {
        var random = new Random(seed);
        var (upstream, address) = await Lineup.StartOwnAsync("upstream");
        await using var _ = upstream;
        await using var instance = await McpLedgerInstance.StartAsync(folder, ConfigFor(new(address, "json")));
        var key = await KeyAsync(instance);
        var recorded = new RecordedCalls();
        var report = new CrashReport { Seed = seed };
        var restarts = new List<double>();
        for (var kill = 0; kill < kills; kill++)
        {
            var life = ShortestLife + (random.NextDouble() * (LongestLife - ShortestLife));
            var clients = await LoadUntilKilledAsync(instance, life, isCold: kill % ColdEvery == ColdEvery - 1);
            await recorded.ReadOnAsync(instance.Data);
            var faults = clients.SelectMany(client => client.Answered.Select(id => recorded.Fault(id, refused: false)).Concat(client.Refused.Select(id => recorded.Fault(id, refused: true))));
            report = report with
            {
                Kills = kill + 1,
                Answered = report.Answered + clients.Sum(client => client.Answered.Count),
                Refused = report.Refused + clients.Sum(client => client.Refused.Count),
                Faults = [.. report.Faults, .. faults.OfType<string>()],
            };
            var (code, output) = await VerifyAsync(instance, key);
            if (code != 0)
            {
                report = report with { Faults = [.. report.Faults, $"after kill {kill + 1} verify ended with {code}: {output}"] };
            }

            var began = Stopwatch.GetTimestamp();
            await instance.RestartAsync();
            restarts.Add(Stopwatch.GetElapsedTime(began).TotalSeconds);
        }

        await instance.Process.StopAsync();
        await recorded.ReadOnAsync(instance.Data);
        var (last, words) = await VerifyAsync(instance, key);
        return report with
        {
            Records = recorded.Records,
            Calls = recorded.Calls,
            Unresolved = recorded.Unresolved,
            LongestRestart = restarts.Max(),
            Faults =
            [
                .. report.Faults,
                .. recorded.Doubled().Select(id => $"call {id} is on record twice"),
                .. last == 0 ? [] : new[] { $"after the orderly stop verify ended with {last}: {words}" },
                .. await ReplayFaultsAsync(instance, recorded),
            ],
        };
    }

    private async Task<CrashClient[]> LoadUntilKilledAsync(McpLedgerInstance instance, TimeSpan life, bool isCold)
    {
        CrashClient[] clients = [.. Enumerable.Range(0, connections).Select(_ => new CrashClient(instance.Endpoint("bench")))];
        var running = Task.WhenAll(clients.Select(client => Task.Run(client.RunAsync)));
        if (!isCold)
        {
            await Task.WhenAny([running, .. clients.Select(static client => client.Began), Task.Delay(LongestBeginning)]);
        }

        await Task.WhenAny(running, Task.Delay(life));
        await instance.Process.KillAsync();
        await running;
        return clients;
    }

    private static Task<(int ExitCode, string Output)> VerifyAsync(McpLedgerInstance instance, string key) =>
        McpLedgerInstance.RunToEndAsync("verify", "--data", instance.Data, "--key", key);

    // Kept from before the first kill, outside the ledger: whoever verifies believes this key and nothing that lies in the folder.
    private static async Task<string> KeyAsync(McpLedgerInstance instance)
    {
        var made = Path.Combine(instance.Data, "keys", "signing.vkey");
        var patience = Stopwatch.StartNew();
        while (!File.Exists(made) && patience.Elapsed < LongestWaitForKey)
        {
            await Task.Delay(ShortestLife);
        }

        var kept = Path.Combine(instance.Folder, "kept.vkey");
        File.Copy(made, kept);
        return kept;
    }

    private static async Task<IReadOnlyList<string>> ReplayFaultsAsync(McpLedgerInstance instance, RecordedCalls recorded)
    {
        var counted = await ReadModelCount.OfCallsAsync(instance);
        var rebuilt = await McpLedgerInstance.RunToEndAsync("rebuild", "--data", instance.Data);
        var again = await ReadModelCount.OfCallsAsync(instance);
        return
        [
            .. counted == recorded.Calls ? [] : new[] { $"the read model counts {counted} calls, the ledger holds {recorded.Calls}" },
            .. rebuilt.ExitCode == 0 ? [] : new[] { $"rebuild ended with {rebuilt.ExitCode}: {rebuilt.Output}" },
            .. again == recorded.Calls ? [] : new[] { $"after a rebuild the read model counts {again} calls, the ledger holds {recorded.Calls}" },
        ];
    }

    private static string ConfigFor(Uri upstream)
    {
        var config = McpLedgerInstance.ConfigFor(new Dictionary<string, string> { ["bench"] = $"url: \"{upstream}\"" });
        return config.Replace("rules:\n", $"rules:\n  - id: never\n    block:\n      tools: [{CrashClient.BlockedTool}]\n    reason: This tool is for the crash run's refusals.\n", StringComparison.Ordinal);
    }
}

/// <summary>What a crash run came to.</summary>
internal sealed record CrashReport
{
    public required int Seed { get; init; }

    public int Kills { get; init; }

    /// <summary>Answers that clients received whole.</summary>
    public int Answered { get; init; }

    /// <summary>Refusals that clients received whole.</summary>
    public int Refused { get; init; }

    public int Calls { get; init; }

    public long Records { get; init; }

    /// <summary>Calls that a kill left without an outcome.</summary>
    public int Unresolved { get; init; }

    /// <summary>From start to ready, seconds.</summary>
    public double LongestRestart { get; init; }

    /// <summary>Everything that is not as it should be.</summary>
    public IReadOnlyList<string> Faults { get; init; } = [];
}
