using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Conformance;

/// <summary><c>./bench.sh conformance</c>: every scenario directly and through the gateway, and whether each is kept.</summary>
internal static class ConformanceVerb
{
    public static async Task<int> RunAsync(Options _)
    {
        if (Built.NodeTools is null)
        {
            Console.WriteLine("skipped: the suite is not installed (tests/install-node.sh says why)");
            return 1;
        }

        using var scratch = Scratch.Make();
        var compared = new List<ComparedScenario>();
        await using (var servers = await ServerComparison.StartAsync(Path.Combine(scratch.Path, "servers")))
        {
            compared.AddRange(await servers.RunAsync(ServerComparison.Legacy));
            compared.AddRange(await servers.RunAsync(ServerComparison.Modern));
            compared.Add(await servers.RunLaxAsync());
        }

        Print("server scenarios: the fixture server, directly and through the gateway", compared);
        var clients = new List<ComparedScenario>();
        foreach (var (revision, scenario) in SuiteClient.Scenarios)
        {
            var direct = await Suite.ClientAsync(SuiteClient.Command(throughGateway: false), revision, scenario);
            var through = await Suite.ClientAsync(SuiteClient.Command(throughGateway: true), revision, scenario);
            clients.Add(new(revision, direct[0], through[0], MustBeGreen: false));
        }

        Print("client scenarios: the C# SDK's client, directly and through the gateway", clients);
        var differences = await RealServers.CompareAsync(scratch.Path);
        Console.WriteLine("left out: auth/* client scenarios (OAuth is not part of this version)");
        Verdict("server scenarios", compared);
        Verdict("client scenarios", clients);
        Console.WriteLine($"real servers: {(differences.Count == 0 ? "behave as without the gateway" : $"{differences.Count} answers differ")}");
        return compared.Concat(clients).All(scenario => scenario.IsKept) && differences.Count == 0 ? 0 : 1;
    }

    private static void Print(string title, IEnumerable<ComparedScenario> scenarios)
    {
        Console.WriteLine(title);
        Console.WriteLine($"  {"revision",-11} {"scenario",-48} {"direct",-12} {"through",-12} kept");
        foreach (var each in scenarios)
        {
            Console.WriteLine($"  {each.Revision,-11} {each.Direct.Scenario,-48} {Text(each.Direct),-12} {Text(each.Through),-12} {(each.IsKept ? "yes" : "NO")}");
        }
    }

    private static void Verdict(string title, List<ComparedScenario> scenarios)
    {
        foreach (var revision in scenarios.GroupBy(scenario => scenario.Revision))
        {
            Console.WriteLine(
                $"{title}, {revision.Key}: {revision.Count(each => each.Direct.IsGreen)} of {revision.Count()} green directly, {revision.Count(each => each.Through.IsGreen)} through the gateway, {revision.Count(each => !each.IsKept)} lost");
        }
    }

    private static string Text(ScenarioResult result) => $"{(result.IsGreen ? "green" : "red")} {result.Passed}/{result.Passed + result.Failed}";
}
