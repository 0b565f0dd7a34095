using System.Net;
using McpLedger.Benchmarks.Conformance;
using McpLedger.Benchmarks.Contenders;
using McpLedger.Benchmarks.Crash;
using McpLedger.Benchmarks.Detection;
using McpLedger.Benchmarks.Faults;
using McpLedger.Benchmarks.Memory;
using McpLedger.Benchmarks.Million;
using McpLedger.Benchmarks.Pipeline;
using McpLedger.Benchmarks.Proxying;
using McpLedger.Benchmarks.ReadModels;
using McpLedger.Benchmarks.Scaled;
using McpLedger.Benchmarks.Screening;

namespace McpLedger.Benchmarks;

/// <summary>What <c>./bench.sh VERB</c> can be.</summary>
internal static class Verbs
{
    private static readonly SortedDictionary<string, (string What, Func<Options, Task<int>> Run)> All = new(StringComparer.Ordinal)
    {
        ["agreement"] = ("how long after the API's answer two gateways act on a new and on a revoked key [--times 50] [--durable disk|quorum] [--brokers 1]", OnTopology("agreement", AgreementVerb.RunAsync)),
        ["conformance"] = ("the MCP conformance suite and two npm servers, directly and through the gateway", ConformanceVerb.RunAsync),
        ["crash"] = ("kill -9 at random moments under load, and what is on record afterwards [--kills 50] [--seed N] [--connections 16]", CrashVerb.RunAsync),
        ["detectors"] = ("what screening a text costs a KiB, by stage, beside Microsoft.ML's own engine --data FOLDER [--model FOLDER]", DetectorsVerb.RunAsync),
        ["dlp"] = ("the search for values on what presidio-research, gitleaks and kingfisher publish, from checkouts that lie in a folder --data FOLDER", DlpVerb.RunAsync),
        ["faults"] = ("kill -9, pauses, cuts, full disks and wrong clocks under load on the whole scaled-out topology, and what is on record afterwards [--times 10] [--of NAME,…] [--durable disk|quorum] [--callers 4] [--minutes MOST] [--json FILE]", OnTopology("faults", FaultsVerb.RunAsync)),
        ["ledger"] = ("events made durable a second, by how many wait at once [--seconds 4]", AppendVerb.RunAsync),
        ["kafka"] = ("the same in Kafka, by way of the disk and in the replicas, by linger and partitions [--seconds 2]", KafkaVerb.RunAsync),
        ["sealer"] = ("sealing and verifying throughput over made calls [--calls 200000]", IntegrityVerb.RunAsync),
        ["verifier"] = ("the same as sealer [--calls 200000]", IntegrityVerb.RunAsync),
        ["memory"] = ("resident memory over many calls [--calls 1000000] [--connections 16] [--of mcpledger-strict|mcpledger-up|bare-yarp]", MemoryVerb.RunAsync),
        ["million"] = ("calls through two gateways, Kafka, PostgreSQL and OpenSearch, counted and hashed at every stage [--calls 1000000] [--minutes MOST] [--callers 16] [--rate 200] [--partitions 4] [--durable disk|quorum] [--brokers 1]", OnTopology("million", MillionVerb.RunAsync)),
        ["projector"] = ("folding made calls into the read models [--calls 100000] [--home marten [--partitions 1]]", ProjectorVerb.RunAsync),
        ["index"] = ("indexing made calls in Elasticsearch and OpenSearch, and the mix of queries over them [--calls 100000] [--rounds 20] [--of elasticsearch|opensearch]", IndexVerb.RunAsync),
        ["scale"] = ("made calls out of Kafka into read models, index and seals, by partitions and how many there are [--partitions 1,2,4,8] [--events 10000,100000,1000000]", OnTopology("scale", ScaleVerb.RunAsync)),
        ["search"] = ("a mix of queries over many calls [--calls 5000000] [--rounds 20] [--folder KEPT]", SearchVerb.RunAsync),
        ["shadows"] = ("honest servers side by side, and how often a tool is taken for another's shadow --data FOLDER [--show]", ShadowVerb.RunAsync),
        ["text"] = ("the text side of screening a KiB, beside plain expressions, and its false alarms [--data FOLDER OF BENIGN SETS]", TextVerb.RunAsync),
        ["proxy"] = ("direct, nginx, bare YARP and McpLedger side by side (the default) [--quick] [--rounds 5] [--warm SECONDS] [--connections 1,16,64] [--transports json,sse] [--contenders NAME,…] [--json FILE] [--scenario screened --data FOLDER]", ProxyVerb.RunAsync),
    };

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (arguments is ["serve", .. var server])
        {
            return await ServeAsync(server);
        }

        var verb = arguments is [var first, ..] && !first.StartsWith('-') ? first : "proxy";
        if (arguments is ["--help" or "-h" or "help", ..] || !All.TryGetValue(verb, out var chosen))
        {
            Console.WriteLine(string.Join('\n', All.Select(each => Line(each.Key, each.Value.What))));
            return verb == "proxy" || verb == "help" ? 0 : 2;
        }

        string[] given = arguments is [var name, .. var rest] && name == verb ? rest : arguments;
        if (given.Any(static argument => argument is "--help" or "-h"))
        {
            Console.WriteLine(Line(verb, chosen.What));
            return 0;
        }

        // A misspelt option would cost a run of an hour to notice.
        if (given.FirstOrDefault(argument => argument.StartsWith("--", StringComparison.Ordinal) && !chosen.What.Split(' ', '[', ']').Contains(argument)) is { } unknown)
        {
            Console.Error.WriteLine($"{unknown} is no option of this benchmark.\n{Line(verb, chosen.What)}");
            return 2;
        }

        try
        {
            return await chosen.Run(new(given));
        }
        catch (OptionException unusable)
        {
            Console.Error.WriteLine($"{unusable.Message}\n{Line(verb, chosen.What)}");
            return 2;
        }
    }

    private static string Line(string verb, string what) => $"./bench.sh {verb,-12} {what}";

    // What takes all the engines is left out where one is missing, and says which.
    private static Func<Options, Task<int>> OnTopology(string verb, Func<Options, Task<int>> run) => options =>
    {
        if (Topology.Lacks is not { } lacks)
        {
            return run(options);
        }

        Console.WriteLine($"{verb}: not run, {lacks}");
        return Task.FromResult(0);
    };

    private static Task<int> ServeAsync(string[] server) => server switch
    {
        ["upstream"] => Upstream.ServeAsync(IPAddress.Loopback, data: null),
        ["upstream", var data] => Upstream.ServeAsync(IPAddress.Loopback, data),
        ["upstream-at", var address] => Upstream.ServeAsync(IPAddress.Parse(address), data: null),
        ["suite-client", var way, var address] => SuiteClient.RunAsync(way == "gateway", new(address)),
        ["gateway", var way, var upstream, var folder, .. var bootstrap] => GatewayAlone.ServeAsync(way, new(upstream), folder, bootstrap is [var brokers] ? brokers : null),
        ["bare-yarp", var upstream] => BareYarp.ServeAsync(upstream),
        _ => throw new ArgumentException($"There is no server of that name: {string.Join(' ', server)}", nameof(server)),
    };
}
