using McpLedger.Testing.Kafka;
using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>Starts the upstream and everything that stands in front of it.</summary>
internal sealed class Lineup : IAsyncDisposable
{
    public const string Direct = "direct";
    public const string Nginx = "nginx";
    public const string BareYarp = "bare-yarp";
    public const string Strict = "mcpledger-strict";
    public const string Off = "mcpledger-off";
    public const string Screened = "mcpledger-screened";
    public const string Up = "mcpledger-up";
    public const string KafkaDisk = "mcpledger-kafka-disk";
    public const string KafkaQuorum = "mcpledger-kafka-quorum";

    // What the product's program sets for itself (McpLedger.Host.csproj).
    private static readonly Dictionary<string, string?> AsUp = new() { ["DOTNET_ThreadPool_UnfairSemaphoreSpinLimit"] = "0" };

    private readonly List<IAsyncDisposable> _started = [];

    private Lineup(string folder) => Folder = folder;

    /// <summary>Scratch folder; the ledger under test lies in it.</summary>
    public string Folder { get; }

    public List<Contender> Contenders { get; } = [];

    /// <summary>What could not take part, and why.</summary>
    public List<string> Missing { get; } = [];

    public static async Task<Lineup> StartAsync(IReadOnlySet<string> wanted, string folder, string? data = null)
    {
        var lineup = new Lineup(folder);
        try
        {
            Directory.CreateDirectory(folder);
            var upstream = await (data is null ? lineup.OwnAsync(AsUp, ["upstream"]) : lineup.OwnAsync(AsUp, ["upstream", data]));
            lineup.Add(new(Direct, transport => new(upstream.Address, transport), []), wanted);
            if (wanted.Contains(Nginx))
            {
                await lineup.AddNginxAsync(upstream.Address);
            }

            if (wanted.Contains(BareYarp))
            {
                var yarp = await lineup.OwnAsync("bare-yarp", upstream.Address.ToString());
                lineup.Contenders.Add(new(BareYarp, transport => new(yarp.Address, transport), [yarp.Child]));
            }

            foreach (var (name, way) in new[] { (Strict, "strict"), (Off, "off"), (Screened, "screened") })
            {
                if (wanted.Contains(name))
                {
                    await lineup.AddGatewayAsync(name, way, upstream.Address);
                }
            }

            if (wanted.Contains(KafkaDisk) || wanted.Contains(KafkaQuorum))
            {
                await lineup.AddKafkaAsync(wanted, upstream.Address);
            }

            if (wanted.Contains(Up))
            {
                await lineup.AddMcpLedgerAsync(upstream.Address);
            }

            return lineup;
        }
        catch
        {
            await lineup.DisposeAsync();
            throw;
        }
    }

    /// <summary>One of the servers that this program itself can be.</summary>
    public static Task<(Child Child, Uri Address)> StartOwnAsync(params string[] arguments) => StartOwnAsync(new Dictionary<string, string?>(), arguments);

    private static async Task<(Child Child, Uri Address)> StartOwnAsync(IReadOnlyDictionary<string, string?> environment, string[] arguments)
    {
        var (child, line) = await Child.StartAsync(Built.Program("McpLedger.Benchmarks", "McpLedger.Benchmarks"), ["serve", .. arguments], environment, line => line.StartsWith("http://", StringComparison.Ordinal));
        return (child, new(line));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
        {
            await started.DisposeAsync();
        }
    }

    private void Add(Contender contender, IReadOnlySet<string> wanted)
    {
        if (wanted.Contains(contender.Name))
        {
            Contenders.Add(contender);
        }
    }

    private Task<(Child Child, Uri Address)> OwnAsync(params string[] arguments) => OwnAsync(new Dictionary<string, string?>(), arguments);

    private async Task<(Child Child, Uri Address)> OwnAsync(IReadOnlyDictionary<string, string?> environment, string[] arguments)
    {
        var own = await StartOwnAsync(environment, arguments);
        _started.Add(own.Child);
        return own;
    }

    private async Task AddGatewayAsync(string name, string way, Uri upstream)
    {
        var (child, address) = await OwnAsync(AsUp, ["gateway", way, upstream.ToString(), Path.Combine(Folder, name)]);
        Contenders.Add(new(name, server => new(address, $"/s/{server}/mcp"), [child]) { Figures = name == Screened ? new(address, GatewayAlone.FiguresPath) : null });
    }

    private async Task AddKafkaAsync(IReadOnlySet<string> wanted, Uri upstream)
    {
        if (LocalKafka.Program is null)
        {
            Missing.Add("Kafka: no local distribution (shared/servers/kafka beside the checkout)");
            return;
        }

        var broker = await LocalKafka.StartAsync(1, Path.Combine(Folder, "broker"), settings: "");
        _started.Add(broker);
        foreach (var (name, way) in new[] { (KafkaDisk, "kafka-disk"), (KafkaQuorum, "kafka-quorum") })
        {
            if (wanted.Contains(name))
            {
                var (child, address) = await OwnAsync(AsUp, ["gateway", way, upstream.ToString(), Path.Combine(Folder, name), broker.Bootstrap]);
                Contenders.Add(new(name, server => new(address, $"/s/{server}/mcp"), [child]) { Store = () => ProcessFigures.CpuOfTree(broker.ProcessOf(0)) });
            }
        }
    }

    private async Task AddMcpLedgerAsync(Uri upstream)
    {
        var instance = await McpLedgerInstance.StartAsync(Path.Combine(Folder, Up), new Dictionary<string, Uri> { ["json"] = new(upstream, "json"), ["sse"] = new(upstream, "sse") });
        _started.Add(instance);
        Contenders.Add(new(Up, instance.Endpoint, [instance.Process]));
    }

    private async Task AddNginxAsync(Uri upstream)
    {
        if (await NginxServer.TryStartAsync(Path.Combine(Folder, Nginx), upstream) is { } nginx)
        {
            _started.Add(nginx.Child);
            Contenders.Add(new(Nginx, transport => new(nginx.Address, transport), [nginx.Child]));
        }
        else
        {
            Missing.Add($"{Nginx}: no nginx on the path (apt-get install nginx-light)");
        }
    }
}
