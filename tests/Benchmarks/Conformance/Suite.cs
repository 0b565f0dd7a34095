using System.Text.RegularExpressions;
using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Conformance;

/// <summary>Runs the MCP conformance suite (an npm package on its own Node 22) and reads its summary.</summary>
internal static partial class Suite
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(5);

    /// <summary>Every scenario that a revision asks of servers, scored or not.</summary>
    public static Task<IReadOnlyList<ScenarioResult>> ServerAsync(Uri server, string revision) =>
        RunAsync("server", "--url", server.ToString(), "--requirements", revision);

    /// <summary>One scenario against a server.</summary>
    public static Task<IReadOnlyList<ScenarioResult>> ServerAsync(Uri server, string revision, string scenario) =>
        RunAsync("server", "--url", server.ToString(), "--scenario", scenario, "--spec-version", revision);

    /// <summary>One scenario against a client: the suite is the server and starts <paramref name="command"/> with its address as the last argument.</summary>
    public static Task<IReadOnlyList<ScenarioResult>> ClientAsync(string command, string revision, string scenario) =>
        RunAsync("client", "--command", command, "--scenario", scenario, "--spec-version", revision);

    private static async Task<IReadOnlyList<ScenarioResult>> RunAsync(params string[] arguments)
    {
        var tools = Built.NodeTools ?? throw new InvalidOperationException("The suite is not installed: tests/install-node.sh says why.");
        var suite = Path.Combine(tools, "@modelcontextprotocol", "conformance", "dist", "index.js");
        var lines = new List<string>();
        var child = Child.Start(Path.Combine(tools, ".bin", "node"), [suite, .. arguments], new Dictionary<string, string?>(), line =>
        {
            lock (lines)
            {
                lines.Add(line);
            }

            return false;
        });
        await using (child)
        {
            await child.WaitAsync(Longest);
        }

        lock (lines)
        {
            var results = lines.Select(line => Summary().Match(line)).Where(match => match.Success)
                .Select(match => new ScenarioResult(match.Groups["name"].Value, match.Groups["mark"].Value == "✓", Number(match, "passed"), Number(match, "failed")))
                .ToArray();
            if (results.Length > 0)
            {
                return results;
            }

            // A single scenario has no table, only its counts.
            var single = lines.Select(line => Counts().Match(line)).LastOrDefault(match => match.Success)
                ?? throw new InvalidOperationException($"The suite gave no result: {string.Join('\n', lines.TakeLast(20))}");
            var name = arguments[Array.IndexOf(arguments, "--scenario") + 1];
            return [new(name, Number(single, "failed") == 0 && !lines.Any(line => line.Contains("OVERALL: FAILED", StringComparison.Ordinal)), Number(single, "passed"), Number(single, "failed"))];
        }
    }

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].ValueSpan, System.Globalization.CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<mark>[✓✗]) (?<name>\S+): (?<passed>\d+) passed, (?<failed>\d+) failed", RegexOptions.None, 1000)]
    private static partial Regex Summary();

    [GeneratedRegex(@"^Passed: (?<passed>\d+)/\d+, (?<failed>\d+) failed", RegexOptions.None, 1000)]
    private static partial Regex Counts();
}

/// <summary>What the suite says of one scenario.</summary>
internal sealed record ScenarioResult(string Scenario, bool IsGreen, int Passed, int Failed);
