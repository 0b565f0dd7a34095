using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using McpLedger.EndToEnd.Tests.Stage;
using McpLedger.Testing.Processes;

namespace McpLedger.EndToEnd.Tests.Scaled;

/// <summary>
/// The topology of <c>compose/native/up</c>, started once for all tests of this folder: two gateways behind a balancer, pipeline, projections, and the
/// real servers beneath. Where those are not, <see cref="ReadyAsync"/> skips the test and says what is missing.
/// </summary>
public sealed class NativeTopology : IAsyncLifetime
{
    private const int NothingThere = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(6);
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"mcpledger-scaled-{Environment.ProcessId}");
    private readonly Dictionary<string, int> _ports = [];

    // What a test that failed left dead is no failure of the next one.
    private bool _isWhole;
    private string? _reason;

    /// <summary>An admin's API key, good for calls too.</summary>
    public string Key { get; private set; } = "";

    public Uri Balancer => At("BALANCER");

    public Uri Projections => At("PROJECTIONS");

    /// <summary>Configuration of every role.</summary>
    public string Config => Path.Combine(_folder, "mcpledger.yaml");

    /// <summary>Data folder of the role that seals.</summary>
    public string Pipeline => DataOf("pipeline");

    /// <summary>Data folder of a process.</summary>
    public string DataOf(string name) => Path.Combine(_folder, name);

    private static string Script => Path.Combine(Built.Checkout, "compose", "native", "up");

    /// <summary>Address of gateway 1 or 2 itself, past the balancer.</summary>
    public Uri Gateway(int number) => At(string.Create(CultureInfo.InvariantCulture, $"GATEWAY{number}"));

    public async ValueTask InitializeAsync()
    {
        if (OperatingSystem.IsWindows() || OwnEngines.AreOff || (Environment.GetEnvironmentVariable("MCPLEDGER_SERVERS") ?? Shared()) is not { } servers || !Directory.Exists(servers))
        {
            _reason = "There is no folder of real servers: set MCPLEDGER_SERVERS (compose/native/up says to what).";
            return;
        }

        var (code, said) = await RunAsync("up", servers);
        _reason = code == NothingThere && said.Contains("there is no ", StringComparison.Ordinal) ? said.Split('\n').Last(l => l.Contains("there is no ", StringComparison.Ordinal)) : null;
        if (_reason is not null)
        {
            return;
        }

        Assert.True(code == 0, said);
        foreach (var line in await File.ReadAllLinesAsync(Path.Combine(_folder, "ports")))
        {
            _ports[line.Split('=')[0]] = int.Parse(line.Split('=')[1], CultureInfo.InvariantCulture);
        }

        Key = (await File.ReadAllTextAsync(Path.Combine(_folder, "key"))).Trim();
        _isWhole = true;
    }

    /// <summary>To be called first by every test.</summary>
    internal async Task ReadyAsync()
    {
        Assert.SkipWhen(_reason is not null, _reason ?? "");
        if (!_isWhole)
        {
            await StartAgainAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Directory.Exists(_folder))
        {
            await RunAsync("clean", Shared() ?? "");
        }
    }

    /// <summary>Ends a gateway by SIGTERM, as an orchestrator does, and waits until it is gone.</summary>
    internal async Task StopGatewayAsync(int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"gateway-{number}");
        _isWhole = false;
        using var process = System.Diagnostics.Process.GetProcessById(await PidAsync(name));
        await SignalAsync(name, "TERM");
        await process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>Kills a process (SIGKILL) and waits until it is gone.</summary>
    internal async Task KillAsync(string name)
    {
        _isWhole = false;
        using var process = System.Diagnostics.Process.GetProcessById(await PidAsync(name));
        process.Kill();
        await process.WaitForExitAsync().WaitAsync(Patience);
    }

    /// <summary>Sends a signal, such as <c>STOP</c>, to a process.</summary>
    internal async Task SignalAsync(string name, string signal)
    {
        var pid = await PidAsync(name);
        var (code, said) = await Child.RunToEndAsync("kill", [$"-{signal}", pid.ToString(CultureInfo.InvariantCulture)], TimeSpan.FromSeconds(10), new Dictionary<string, string?>());
        Assert.True(code == 0, said);
    }

    /// <summary>Starts whatever does not run, and waits until all of it is ready.</summary>
    internal Task StartAgainAsync() => StartAgainAsync("");

    /// <summary>The same, but for one process that is left as it is.</summary>
    internal async Task StartAgainAsync(string without)
    {
        var (code, said) = await RunAsync("up", Shared()!, without);
        Assert.True(code == 0, said);
        _isWhole = without.Length == 0;
    }

    internal Wire Wire(Uri address, string server, string key) => new(new(address, $"/s/{server}/mcp")) { Key = key };

    /// <summary>Asks the API through the balancer.</summary>
    internal async Task<JsonNode?> AskAsync(HttpMethod method, string path, object? body)
    {
        using var http = new HttpClient { BaseAddress = Balancer };
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : System.Net.Http.Json.JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Key);
        using var response = await http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, $"{method} {path}: {(int)response.StatusCode} {text}");
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    /// <summary>Runs a verb of the product against the API behind the balancer.</summary>
    internal Task<(int ExitCode, string Output)> VerbAsync(params string[] arguments) => Child.RunToEndAsync(
        Built.McpLedger, [.. arguments, "--config", Config], Patience, new Dictionary<string, string?> { ["MCPLEDGER_API"] = Balancer.ToString(), ["MCPLEDGER_KEY"] = Key });

    private async Task<int> PidAsync(string name) => int.Parse((await File.ReadAllTextAsync(Path.Combine(_folder, "pids", name))).Split(' ')[0], CultureInfo.InvariantCulture);

    private Uri At(string name) => new($"http://127.0.0.1:{_ports[name]}");

    private static string? Shared() => Environment.GetEnvironmentVariable("MCPLEDGER_SERVERS")
        ?? (Path.GetFullPath(Path.Combine(Built.Checkout, "..", "shared", "servers")) is var beside && Directory.Exists(beside) ? beside : null);

    private Task<(int ExitCode, string Output)> RunAsync(string verb, string servers, string without = "") => Child.RunToEndAsync(
        Script, [verb], Patience, new Dictionary<string, string?> { ["MCPLEDGER_NATIVE"] = _folder, ["MCPLEDGER_SERVERS"] = servers, ["MCPLEDGER_WITHOUT"] = without });
}

/// <summary>One <see cref="NativeTopology"/> for all tests that need it. It takes the whole machine: what runs beside it waits longer than it should have to.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class NativeTopologyCollection : ICollectionFixture<NativeTopology>
{
    public const string Name = "native topology";
}
