using McpLedger.Testing.Processes;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>One role as a process: started, killed and started again by whoever plays the orchestrator.</summary>
/// <param name="name">Instance name; its data folder and its log are called so.</param>
/// <param name="role">gateway, pipeline or projections.</param>
/// <param name="address">Where it listens.</param>
/// <param name="folder">Folder of the topology, with <c>mcpledger.yaml</c>.</param>
/// <param name="enter">What the command line begins with, to run it in a network of its own.</param>
internal sealed class RoleProcess(string name, string role, Uri address, string folder, string[] enter) : IAsyncDisposable
{
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(2);
    private readonly HttpClient _http = new() { Timeout = LongestLook };
    private Child? _process;

    public string Name => name;

    public Uri Address => address;

    /// <summary>Data folder.</summary>
    public string Data => Path.Combine(folder, name);

    /// <summary>Everything it ever wrote to its two streams.</summary>
    public string Log => Path.Combine(folder, $"{name}.log");

    /// <summary>Whether it ended without being told to.</summary>
    public bool HasEnded => _process is { HasExited: true };

    public bool Runs => _process is { HasExited: false };

    public int Id => _process!.Id;

    /// <summary>Settings of its environment from the next start on.</summary>
    public Dictionary<string, string?> Environment { get; } = [];

    /// <summary>Starts it and returns at once.</summary>
    public async Task StartAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        var environment = new Dictionary<string, string?>(Environment)
        {
            ["MCPLEDGER__INSTANCE"] = name,
            ["MCPLEDGER__LEDGER__DATA"] = Data,
            ["MCPLEDGER__LISTEN__URL"] = address.GetLeftPart(UriPartial.Authority),
            ["ROLE_LOG"] = Log,
        };
        string[] line = [.. enter, "/bin/sh", "-c", "exec \"$0\" \"$@\" >>\"$ROLE_LOG\" 2>&1", Built.McpLedger, "up", "--role", role, "--config", Path.Combine(folder, "mcpledger.yaml")];
        _process = Child.Start(line[0], line[1..], environment, static _ => false);
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>SIGTERM, and waits for the end.</summary>
    public Task<int> StopAsync() => _process!.StopAsync();

    /// <summary>Why it does not do its work now; null when it does.</summary>
    public async Task<string?> WhyNotReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(address, "/readyz"));
            return answer.IsSuccessStatusCode ? null : $"{name}: {await answer.Content.ReadAsStringAsync()}";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return $"{name} does not answer";
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }
}
