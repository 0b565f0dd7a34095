using System.Net.Http.Headers;
using System.Text;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Processes;

namespace McpLedger.Testing.Search;

/// <summary>A search engine as a process of the tests, out of a local distribution: it can be killed and started again on what it stored.</summary>
public sealed class LocalSearch : IAsyncDisposable
{
    private const string User = "elastic";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string _program;
    private readonly string? _password;
    private readonly int _port;
    private readonly TemporaryFolder _folder = new();
    private Child? _process;

    private LocalSearch(string program, string? password, int port) => (_program, _password, _port) = (program, password, port);

    /// <summary>Where it listens, credentials in it where it asks for some.</summary>
    public Uri Address => new($"http://{(_password is null ? "" : $"{User}:{_password}@")}127.0.0.1:{_port}");

    /// <summary>Process id of the script's process, whose descendant the engine is.</summary>
    public int Id => _process!.Id;

    /// <summary>The script that starts a node; null where there is no distribution.</summary>
    public static string? Program(SearchEngine engine) => Candidates().Select(shared => Path.Combine(shared, "servers", NameOf(engine), "run")).FirstOrDefault(File.Exists);

    /// <summary>Name of the engine's folder.</summary>
    public static string NameOf(SearchEngine engine) => engine == SearchEngine.Elasticsearch ? "elasticsearch" : "opensearch";

    /// <summary>Starts an empty node and returns once it is healthy.</summary>
    /// <param name="engine">Which.</param>
    /// <param name="password">Of user <c>elastic</c>; null for a node that asks for none.</param>
    /// <exception cref="InvalidOperationException">There is no distribution, or it did not start.</exception>
    public static async Task<LocalSearch> StartAsync(SearchEngine engine, string? password)
    {
        var server = new LocalSearch(Program(engine) ?? throw new InvalidOperationException($"There is no local distribution of {engine}."), password, FreePorts.Row(0, 1));
        try
        {
            await server.StartAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts it again on what it stored.</summary>
    public async Task StartAsync()
    {
        var heap = new Dictionary<string, string?> { ["HEAP"] = "448m" };
        _process = Child.Start(_program, _password is null ? [_folder.Path, $"{_port}"] : [_folder.Path, $"{_port}", _password], heap, static _ => false);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        if (_password is not null)
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{_password}")));
        }

        using var patience = new CancellationTokenSource(Patience);
        while (!await IsHealthyAsync(http))
        {
            if (_process.HasExited || patience.IsCancellationRequested)
            {
                throw new InvalidOperationException($"{_program} did not get ready: {_process.Output}");
            }

            await Task.Delay(200);
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        await _process!.DisposeAsync();
        _process = null;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Dispose();
    }

    private async Task<bool> IsHealthyAsync(HttpClient http)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri($"http://127.0.0.1:{_port}/_cluster/health?wait_for_status=yellow&timeout=2s"));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

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
}
