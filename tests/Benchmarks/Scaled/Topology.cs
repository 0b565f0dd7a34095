using System.Text.Json;
using McpLedger.Benchmarks.Contenders;
using McpLedger.Projections.Homes.Marten;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Postgres;
using McpLedger.Testing.Processes;
using McpLedger.Testing.Search;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>
/// The system spread over processes of this machine: real brokers, PostgreSQL and OpenSearch, two gateways behind the balancer, pipeline and projections.
/// Each part can be killed, paused or cut off, and started again on what it stored.
/// </summary>
internal sealed class Topology : IAsyncDisposable
{
    public const string Server = "bench";
    private const string Loopback = "127.0.0.1";
    private const int SmallDiskMegabytes = 2048;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(200);
    private static readonly Dictionary<string, string?> Nothing = [];
    private readonly List<IAsyncDisposable> _started = [];

    private Topology(TopologyPlan plan, string folder) => (Plan, Folder) = (plan, folder);

    public TopologyPlan Plan { get; }

    public string Folder { get; }

    public LocalKafka Kafka { get; private set; } = null!;

    public LocalPostgres Postgres { get; private set; } = null!;

    public LocalSearch Search { get; private set; } = null!;

    /// <summary>The network of the first gateway; null where it is this machine's.</summary>
    public NetworkSpace? Network { get; private set; }

    /// <summary>The disk of the last broker; null where it is this machine's.</summary>
    public SmallDisk? Disk { get; private set; }

    /// <summary>What could not be had, and why.</summary>
    public List<string> Missing { get; } = [];

    public IReadOnlyList<RoleProcess> Gateways { get; private set; } = [];

    public RoleProcess Pipeline { get; private set; } = null!;

    public RoleProcess Projections { get; private set; } = null!;

    /// <summary>Those that were started.</summary>
    public IEnumerable<RoleProcess> Roles => [.. Gateways, .. new[] { Pipeline, Projections }.OfType<RoleProcess>()];

    public Child? Balancer { get; private set; }

    /// <summary>Where clients call and ask.</summary>
    public Uri Address { get; private set; } = null!;

    /// <summary>An admin's API key, good for calls too.</summary>
    public string Key { get; private set; } = "";

    public string Config => Path.Combine(Folder, "mcpledger.yaml");

    /// <summary>The public key of the checkpoints, kept outside of what is verified.</summary>
    public string KeptKey => Path.Combine(Folder, "kept.vkey");

    /// <summary>Connection string of the read models' database.</summary>
    public string Database { get; private set; } = "";

    /// <summary>What is missing to run it here; null when nothing is.</summary>
    public static string? Lacks =>
        LocalKafka.Program is null ? "no folder shared/servers/kafka lies beside the checkout"
        : LocalPostgres.Missing ?? (LocalSearch.Program(SearchEngine.OpenSearch) is null ? "no folder shared/servers/opensearch lies beside the checkout" : null);

    /// <summary>Starts all of it, and returns once every role is ready.</summary>
    public static Task<Topology> StartAsync(TopologyPlan plan, string folder) => StartAsync(plan, folder, static async topology =>
    {
        await topology.StartEnginesAsync();
        await topology.StartRolesAsync();
    });

    /// <summary>Starts what the roles stand on. Those that only follow the log are started by <see cref="StartFollowersAsync"/>; gateways there are none.</summary>
    public static Task<Topology> StartWithoutRolesAsync(TopologyPlan plan, string folder) => StartAsync(plan, folder, static topology => topology.StartEnginesAsync());

    private static async Task<Topology> StartAsync(TopologyPlan plan, string folder, Func<Topology, Task> startAsync)
    {
        var topology = new Topology(plan, Directory.CreateDirectory(folder).FullName);
        try
        {
            await startAsync(topology);
            return topology;
        }
        catch
        {
            await topology.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts pipeline and projections, without waiting for them.</summary>
    public Task StartFollowersAsync()
    {
        (Pipeline, Projections) = (Role("pipeline", "pipeline", Loopback, []), Role("projections", "projections", Loopback, []));
        return Task.WhenAll(Pipeline.StartAsync(), Projections.StartAsync());
    }

    /// <summary>Runs a verb of the product against the API behind the balancer.</summary>
    public Task<(int ExitCode, string Output)> VerbAsync(params string[] arguments) => Child.RunToEndAsync(
        Built.McpLedger, [.. arguments, "--config", Config], TimeSpan.FromMinutes(30), new Dictionary<string, string?> { ["MCPLEDGER_API"] = Address.ToString(), ["MCPLEDGER_KEY"] = Key });

    /// <summary>Holds records in Kafka against the sealer's tiles and checkpoints, believing the key that was kept.</summary>
    public Task<(int ExitCode, string Output)> VerifyAsync() =>
        Child.RunToEndAsync(Built.McpLedger, ["verify", "--data", Pipeline.Data, "--key", KeptKey, "--config", Config], TimeSpan.FromMinutes(30), Nothing);

    /// <summary>Returns once every role does its work.</summary>
    public async Task ReadyAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        foreach (var role in Roles)
        {
            while (await role.WhyNotReadyAsync() is { } why)
            {
                if (role.HasEnded || patience.IsCancellationRequested)
                {
                    throw new InvalidOperationException($"{why}; its log is {role.Log}: {(File.Exists(role.Log) ? string.Join('\n', File.ReadLines(role.Log).TakeLast(5)) : "")}");
                }

                await Task.Delay(LookEvery);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
        {
            await started.DisposeAsync();
        }

        Disk?.Dispose();
        if (Network is not null)
        {
            await Network.DisposeAsync();
        }
    }

    private async Task StartEnginesAsync()
    {
        if (Plan.ForFaults)
        {
            (Network, var why) = await NetworkSpace.TryMakeAsync();
            Missing.AddRange(why is null ? [] : [why]);
            Disk = SmallDisk.TryMount(SmallDiskMegabytes, out why);
            Missing.AddRange(why is null ? [] : [$"no small disk can be mounted here: {why}"]);
        }

        var brokers = Directory.CreateDirectory(Path.Combine(Folder, "brokers")).FullName;
        if (Disk is not null)
        {
            Directory.CreateSymbolicLink(Path.Combine(brokers, $"node-{Plan.Brokers}"), Disk.Path);
        }

        var kafka = LocalKafka.StartAsync(Plan.Brokers, brokers, "", Network?.Brokers ?? Loopback);
        var postgres = LocalPostgres.StartAsync();
        var search = LocalSearch.StartAsync(SearchEngine.OpenSearch, password: null);
        _started.Add(Kafka = await kafka);
        _started.Add(Postgres = await postgres);
        _started.Add(Search = await search);
        Database = await Postgres.NewDatabaseAsync("mcpledger");
        var (upstream, address) = await Lineup.StartOwnAsync("upstream-at", Network?.Outside ?? Loopback);
        _started.Add(upstream);
        await WriteConfigAsync(new(address, "json"));
        await using (var schema = new MartenSchema(new() { ConnectionString = Database }))
        {
            await schema.ApplyAsync(CancellationToken.None);
        }
    }

    private async Task StartRolesAsync()
    {
        Gateways =
        [
            Role("gateway-1", "gateway", Network?.Inside ?? Loopback, Network?.Enter ?? []),
            Role("gateway-2", "gateway", Loopback, []),
        ];
        await Task.WhenAll([StartFollowersAsync(), .. Gateways.Select(g => g.StartAsync())]);
        await ReadyAsync();
        (Balancer, var line) = await Child.StartAsync(
            Built.Program("McpLedger.Balancer", "McpLedger.Balancer"),
            ["--urls", "http://127.0.0.1:0", "--gateways", string.Join(',', Gateways.Select(g => g.Address)), "--pipeline", $"{Pipeline.Address}", "--projections", $"{Projections.Address}"],
            Nothing,
            static line => line.StartsWith("listening on ", StringComparison.Ordinal));
        _started.Add(Balancer);
        Address = new(line["listening on ".Length..]);
        Key = await NewKeyAsync();
        await KeepKeyAsync();
    }

    private RoleProcess Role(string name, string role, string host, string[] enter)
    {
        var process = new RoleProcess(name, role, new($"http://{host}:{FreePorts.One()}"), Folder, enter);
        _started.Add(process);
        return process;
    }

    private Task WriteConfigAsync(Uri upstream)
    {
        var list = string.Join(", ", Kafka.Bootstrap.Split(',').Select(b => $"\"{b}\""));
        var yaml = $$"""
            ledger: { durable: {{Plan.Durable}} }
            listen: { hosts: [localhost, 127.0.0.1{{(Network is null ? "" : $", {Network.Inside}")}}], drain: 3s, finish: 15s }
            kafka:
              bootstrap: [{{list}}]
              partitions: {{Plan.Partitions}}
              replication: {{Plan.Brokers}}
              minInSync: {{Plan.MinInSync}}
              spool: { bytes: 1GiB }
            servers:
              {{Server}}: { url: "{{upstream}}" }
            principals: { anonymous: off }
            rules:
              - { id: load, allow: { principals: [you] } }
            sessions: { key: sessions.key }
            postgres: { connection: "{{Database}}" }
            search: { urls: ["{{Search.Address}}"], replicas: 0 }

            """;
        return File.WriteAllTextAsync(Config, yaml);
    }

    private async Task<string> NewKeyAsync()
    {
        var (code, output) = await Child.RunToEndAsync(
            Built.McpLedger, ["keys", "create", "--principal", "you", "--role", "admin", "--json", "--config", Config], Patience, new Dictionary<string, string?> { ["MCPLEDGER__LEDGER__DATA"] = Projections.Data });
        return code == 0 ? JsonDocument.Parse(output).RootElement.GetProperty("secret").GetString()! : throw new InvalidOperationException($"No key could be made: {output}");
    }

    private async Task KeepKeyAsync()
    {
        var made = Path.Combine(Pipeline.Data, "keys", "signing.vkey");
        using var patience = new CancellationTokenSource(Patience);
        while (!File.Exists(made))
        {
            await Task.Delay(LookEvery, patience.Token);
        }

        File.Copy(made, KeptKey);
    }
}
