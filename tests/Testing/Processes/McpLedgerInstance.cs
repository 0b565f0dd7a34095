using System.Text;
using System.Text.RegularExpressions;

namespace McpLedger.Testing.Processes;

/// <summary>The product as a process: <c>mcpledger up</c> with a configuration in a folder of its own.</summary>
public sealed partial class McpLedgerInstance : IAsyncDisposable
{
    private McpLedgerInstance(string folder, Child child, Uri address) => (Folder, Process, Address) = (folder, child, address);

    /// <summary>Folder with <c>mcpledger.yaml</c> and <c>data/</c>.</summary>
    public string Folder { get; }

    /// <summary>The process.</summary>
    public Child Process { get; private set; }

    /// <summary>Base address.</summary>
    public Uri Address { get; private set; }

    /// <summary>The ledger's folder.</summary>
    public string Data => Path.Combine(Folder, "data");

    /// <summary>The configuration file.</summary>
    public string Config => Path.Combine(Folder, "mcpledger.yaml");

    /// <summary>Writes the configuration and starts. Servers are given by name and address; anonymous callers of this machine may call anything.</summary>
    public static Task<McpLedgerInstance> StartAsync(string folder, IReadOnlyDictionary<string, Uri> servers) =>
        StartAsync(folder, ConfigFor(servers.ToDictionary(server => server.Key, server => $"url: \"{server.Value}\"")));

    /// <summary>Writes <paramref name="config"/> as it is and starts.</summary>
    public static async Task<McpLedgerInstance> StartAsync(string folder, string config)
    {
        Directory.CreateDirectory(folder);
        await File.WriteAllTextAsync(Path.Combine(folder, "mcpledger.yaml"), config);
        var (child, address) = await UpAsync(folder);
        return new(folder, child, address);
    }

    /// <summary>A configuration that lets anonymous callers of this machine call everything on the servers given.</summary>
    /// <param name="servers">By name: the server's section, one key a line.</param>
    public static string ConfigFor(IReadOnlyDictionary<string, string> servers)
    {
        var yaml = new StringBuilder("""
            listen:
              url: http://127.0.0.1:0
            ledger:
              data: ./data
            principals:
              anonymous: loopback
            rules:
              - id: everything
                allow:
                  principals: [anonymous]
            servers:

            """);
        foreach (var (name, section) in servers)
        {
            yaml.Append("  ").Append(name).Append(":\n");
            foreach (var line in section.Split('\n'))
            {
                yaml.Append("    ").Append(line).Append('\n');
            }
        }

        return yaml.ToString();
    }

    /// <summary>Where a server's clients go.</summary>
    public Uri Endpoint(string server) => new(Address, $"/s/{server}/mcp");

    /// <summary>Starts it again in the same folder, after a kill or a stop.</summary>
    public async Task RestartAsync()
    {
        await Process.DisposeAsync();
        (Process, Address) = await UpAsync(Folder);
    }

    /// <summary>Runs another verb of the product against this instance's configuration and returns its exit code and output.</summary>
    public Task<(int ExitCode, string Output)> RunAsync(params string[] arguments) => RunToEndAsync([.. arguments, "--config", Config]);

    /// <summary>Runs any verb of the product to its end.</summary>
    public static Task<(int ExitCode, string Output)> RunToEndAsync(params string[] arguments) =>
        Child.RunToEndAsync(Built.McpLedger, arguments, TimeSpan.FromMinutes(5), new Dictionary<string, string?>());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();

    private static async Task<(Child Child, Uri Address)> UpAsync(string folder)
    {
        var (child, line) = await Child.StartAsync(
            Built.McpLedger, ["up", "--config", Path.Combine(folder, "mcpledger.yaml")], new Dictionary<string, string?>(), line => Listening().IsMatch(line));
        return (child, new(Listening().Match(line).Value));
    }

    [GeneratedRegex(@"http://(127\.0\.0\.1|localhost|\[::1\]):[1-9]\d*", RegexOptions.None, 1000)]
    private static partial Regex Listening();
}
