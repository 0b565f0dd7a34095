using System.Runtime.InteropServices;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Processes;

namespace McpLedger.Testing.Kafka;

/// <summary>Nodes of Apache Kafka as processes of the tests, out of a local distribution: they can be killed, paused and started again on what they stored.</summary>
public sealed partial class LocalKafka : IAsyncDisposable
{
    private const string Loopback = "127.0.0.1";
    private const int PortsPerNode = 10;
    private const int Stop = 19;
    private const int Continue = 18;

    private readonly string _program;
    private readonly string _folder;
    private readonly TemporaryFolder? _temporary;
    private readonly int _port;
    private readonly string _address;
    private readonly string _settings;
    private readonly Child?[] _nodes;

    private LocalKafka(string program, string folder, TemporaryFolder? temporary, string address, int port, int nodes, string settings) =>
        (_program, _folder, _temporary, _address, _port, _nodes, _settings) = (program, folder, temporary, address, port, new Child?[nodes], settings);

    /// <summary>Where its nodes listen.</summary>
    public string Bootstrap => string.Join(',', Enumerable.Range(0, _nodes.Length).Select(n => $"{_address}:{PortOf(n)}"));

    /// <summary>The script that starts a node; null where there is no distribution.</summary>
    public static string? Program => Candidates().Select(static shared => Path.Combine(shared, "servers", "kafka", "run")).FirstOrDefault(File.Exists);

    /// <summary>Starts a cluster and returns once every node has started.</summary>
    /// <param name="nodes">How many.</param>
    /// <param name="folder">Where it stores; null takes a folder that goes with it.</param>
    /// <param name="settings">Properties of the server, <c>key=value</c> and spaces between.</param>
    /// <exception cref="InvalidOperationException">There is no distribution, or it did not start.</exception>
    public static Task<LocalKafka> StartAsync(int nodes, string? folder, string settings) => StartAsync(nodes, folder, settings, Loopback);

    /// <summary>The same, with clients on another address of this machine, so that a process in a network of its own can reach it.</summary>
    public static async Task<LocalKafka> StartAsync(int nodes, string? folder, string settings, string address)
    {
        var temporary = folder is null ? new TemporaryFolder() : null;
        var kafka = new LocalKafka(Program ?? throw new InvalidOperationException("There is no local distribution of Kafka."), folder ?? temporary!.Path, temporary, address, FreePort(nodes), nodes, settings);
        try
        {
            await Task.WhenAll(Enumerable.Range(0, nodes).Select(kafka.StartAsync));
            return kafka;
        }
        catch
        {
            await kafka.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a node, also again on what it stored before.</summary>
    public async Task StartAsync(int node)
    {
        var heap = new Dictionary<string, string?> { ["KAFKA_SET"] = $"{_settings} {ListenersOf(node)}", ["HEAP"] = "320m" };
        if (_nodes[node] is { } ended)
        {
            await ended.DisposeAsync();
        }

        (_nodes[node], _) = await Child.StartAsync(_program, [_folder, $"{_port}", $"{node + 1}", $"{_nodes.Length}"], heap, static line => line.Contains("Kafka Server started", StringComparison.Ordinal));
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(int node)
    {
        await _nodes[node]!.DisposeAsync();
        _nodes[node] = null;
    }

    /// <summary>SIGSTOP: it holds its sockets and answers nothing.</summary>
    public void Pause(int node) => Signal(node, Stop);

    /// <summary>SIGCONT.</summary>
    public void Resume(int node) => Signal(node, Continue);

    /// <summary>Whether a node ended by itself.</summary>
    public bool HasEnded(int node) => _nodes[node] is { HasExited: true };

    /// <summary>Process id of a node.</summary>
    public int ProcessOf(int node) => _nodes[node]!.Id;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes.OfType<Child>())
        {
            await node.DisposeAsync();
        }

        _temporary?.Dispose();
    }

    private int PortOf(int node) => _port + (PortsPerNode * node);

    private string ListenersOf(int node) => _address == Loopback
        ? ""
        : $"listeners=PLAINTEXT://{_address}:{PortOf(node)},CONTROLLER://{Loopback}:{PortOf(node) + 1} advertised.listeners=PLAINTEXT://{_address}:{PortOf(node)}";

    private static IEnumerable<string> Candidates()
    {
        if (OwnEngines.AreOff)
        {
            yield break;
        }

        if (Environment.GetEnvironmentVariable("MCPLEDGER_SHARED") is { Length: > 0 } configured)
        {
            yield return configured;
        }

        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            yield return Path.Combine(at.FullName, "shared");
        }
    }

    private static int FreePort(int nodes) => FreePorts.Row([.. Enumerable.Range(0, nodes).SelectMany(n => (int[])[PortsPerNode * n, (PortsPerNode * n) + 1])]);

    private void Signal(int node, int signal)
    {
        if (SendSignal(_nodes[node]!.Id, signal) != 0)
        {
            throw new InvalidOperationException($"Node {node} could not be signalled.");
        }
    }

    [LibraryImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int process, int signal);
}
