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

    private readonly List<IAsyncDisposable> _started = [];

    private Lineup(string folder) => Folder = folder;

    /// <summary>Scratch folder; the ledger under test lies in it.</summary>
    public string Folder { get; }

    public List<Contender> Contenders { get; } = [];

    /// <summary>What could not take part, and why.</summary>
    public List<string> Missing { get; } = [];

    public static async Task<Lineup> StartAsync(IReadOnlySet<string> wanted, string folder)
    {
        var lineup = new Lineup(folder);
        try
        {
            Directory.CreateDirectory(folder);
            var upstream = await lineup.OwnAsync("upstream");
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

            if (wanted.Contains(Strict))
            {
                await lineup.AddMcpLedgerAsync(Strict, upstream.Address);
            }

            if (wanted.Contains(Off))
            {
                await lineup.AddDroppingAsync(upstream.Address);
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
    public static async Task<(Child Child, Uri Address)> StartOwnAsync(params string[] arguments)
    {
        var (child, line) = await Child.StartAsync(Environment.ProcessPath!, ["serve", .. arguments], new Dictionary<string, string?>(), line => line.StartsWith("http://", StringComparison.Ordinal));
        return (child, new(line));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var started in Enumerable.Reverse(_started))
        {
            await started.DisposeAsync();
        }
    }

    private static Dictionary<string, Uri> Servers(Uri upstream) => new() { ["json"] = new(upstream, "json"), ["sse"] = new(upstream, "sse") };

    private void Add(Contender contender, IReadOnlySet<string> wanted)
    {
        if (wanted.Contains(contender.Name))
        {
            Contenders.Add(contender);
        }
    }

    private async Task<(Child Child, Uri Address)> OwnAsync(params string[] arguments)
    {
        var own = await StartOwnAsync(arguments);
        _started.Add(own.Child);
        return own;
    }

    private async Task AddMcpLedgerAsync(string name, Uri upstream)
    {
        var instance = await McpLedgerInstance.StartAsync(Path.Combine(Folder, name), Servers(upstream));
        _started.Add(instance);
        Contenders.Add(new(name, instance.Endpoint, [instance.Process]));
    }

    private async Task AddDroppingAsync(Uri upstream)
    {
        var folder = Path.Combine(Folder, Off);
        Directory.CreateDirectory(folder);
        var config = Path.Combine(folder, "mcpledger.yaml");
        await File.WriteAllTextAsync(config, McpLedgerInstance.ConfigFor(Servers(upstream).ToDictionary(server => server.Key, server => $"url: \"{server.Value}\"")));
        var (child, address) = await OwnAsync("dropping-ledger", config);
        Contenders.Add(new(Off, server => new(address, $"/s/{server}/mcp"), [child]));
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
