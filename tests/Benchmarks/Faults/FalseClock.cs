using McpLedger.Benchmarks.Scaled;

namespace McpLedger.Benchmarks.Faults;

/// <summary>The wall clock of single processes, moved by libfaketime while they run. What measures spans of time (the monotonic clock) is left alone, as when a machine's clock is set.</summary>
internal static class FalseClock
{
    private static readonly TimeSpan Ahead = TimeSpan.FromSeconds(10);

    /// <summary>Why it cannot be had here; null when it can.</summary>
    public static string? Lacks => Library is null ? "libfaketime is not installed (apt-get install faketime)" : null;

    private static string? Library => Directory.Exists("/usr/lib")
        ? Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu").Select(static lib => Path.Combine(lib, "faketime", "libfaketimeMT.so.1")).FirstOrDefault(File.Exists)
        : null;

    public static async Task WearAsync(Topology topology)
    {
        await File.WriteAllTextAsync(FileOf(topology), "+0\n");
        foreach (var role in Wearers(topology))
        {
            role.Environment["LD_PRELOAD"] = Library;
            role.Environment["FAKETIME_TIMESTAMP_FILE"] = FileOf(topology);
            role.Environment["FAKETIME_CACHE_DURATION"] = "1";
            role.Environment["FAKETIME_DONT_FAKE_MONOTONIC"] = "1";

            // Left to itself the library shortens waits on the monotonic clock to nothing, and every timer of the runtime spins.
            role.Environment["FAKETIME_FORCE_MONOTONIC_FIX"] = "0";
        }

        await AgainAsync(topology);
    }

    public static async Task TakeOffAsync(Topology topology)
    {
        foreach (var role in Wearers(topology))
        {
            role.Environment.Clear();
        }

        await AgainAsync(topology);
    }

    public static async Task JumpAsync(Topology topology, Action lifted)
    {
        await File.WriteAllTextAsync(FileOf(topology), "+3600\n");
        await Task.Delay(Ahead);
        await File.WriteAllTextAsync(FileOf(topology), "+0\n");
        lifted();
    }

    private static RoleProcess[] Wearers(Topology topology) => [topology.Gateways[0], topology.Pipeline];

    private static string FileOf(Topology topology) => Path.Combine(topology.Folder, "clock");

    private static async Task AgainAsync(Topology topology)
    {
        foreach (var role in Wearers(topology))
        {
            await role.StopAsync();
            await role.StartAsync();
        }

        await topology.ReadyAsync();
    }
}
