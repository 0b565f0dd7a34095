using System.Diagnostics;
using McpLedger.Testing.Ledgers;
using McpLedger.Testing.Processes;

namespace McpLedger.Testing.Postgres;

/// <summary>The distribution's PostgreSQL as a process of a test, in a folder of its own: it can be killed and started again on what it stored.</summary>
public sealed class LocalPostgres : IAsyncDisposable
{
    private const string Distribution = "/usr/lib/postgresql";
    private const string User = "postgres";
    private const int MostTries = 50;

    private readonly TemporaryFolder _folder;
    private readonly int _port;
    private Child? _server;

    private LocalPostgres(TemporaryFolder folder, int port) => (_folder, _port) = (folder, port);

    /// <summary>What keeps it from being had here; null when nothing does.</summary>
    public static string? Missing =>
        OwnEngines.AreOff ? "MCPLEDGER_ENGINES is off"
        : Programs is null ? $"no {Distribution}/*/bin/initdb is installed"
        : Environment.IsPrivilegedProcess && !File.ReadLines("/etc/passwd").Any(line => line.StartsWith($"{User}:", StringComparison.Ordinal)) ? $"there is no user '{User}' to run it as, and it refuses root"
        : null;

    /// <summary>How to connect, as one who may do everything.</summary>
    public string Connection => $"Host=127.0.0.1;Port={_port};Username={User};Database=postgres";

    /// <summary>Process id of the server.</summary>
    public int Id => _server!.Id;

    private static string? Programs => Directory.Exists(Distribution)
        ? Directory.EnumerateDirectories(Distribution).Order(StringComparer.Ordinal).Select(static version => Path.Combine(version, "bin")).LastOrDefault(static bin => File.Exists(Path.Combine(bin, "initdb")))
        : null;

    /// <summary>Makes a cluster and starts it.</summary>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<LocalPostgres> StartAsync()
    {
        var postgres = new LocalPostgres(new(), FreePorts.One());
        try
        {
            if (Environment.IsPrivilegedProcess)
            {
                await RunAsync("chown", [User, postgres._folder.Path]);
            }

            var (program, arguments) = AsUser("initdb", ["-D", postgres.Data, "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]);
            await RunAsync(program, arguments);
            await postgres.RestartAsync();
            return postgres;
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    /// <summary>Makes a database.</summary>
    /// <returns>Its connection string.</returns>
    public Task<string> NewDatabaseAsync(string name) => PostgresServer.CreateAsync(Connection, name);

    /// <summary>SIGKILL, to the server and all that serve its connections.</summary>
    public async Task KillAsync()
    {
        await _server!.DisposeAsync();
        _server = null;
    }

    /// <summary>Starts it on what it stored. What was killed may still be going, so this is tried for a while.</summary>
    public async Task RestartAsync()
    {
        var (program, arguments) = AsUser(
            "postgres",
            ["-D", Data, "-p", $"{_port}", "-c", "listen_addresses=127.0.0.1", "-c", $"unix_socket_directories={_folder.Path}", "-c", "shared_buffers=128MB", "-c", "max_wal_size=2GB"]);
        for (var tries = 1; ; tries++)
        {
            try
            {
                (_server, _) = await Child.StartAsync(program, arguments, new Dictionary<string, string?>(), static line => line.Contains("ready to accept connections", StringComparison.Ordinal));
                return;
            }
            catch (InvalidOperationException) when (tries < MostTries)
            {
                File.Delete(Path.Combine(Data, "postmaster.pid"));
                await Task.Delay(TimeSpan.FromMilliseconds(100));
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _folder.Dispose();
    }

    private string Data => Path.Combine(_folder.Path, "data");

    // It refuses to run as root.
    private static (string Program, string[] Arguments) AsUser(string program, string[] arguments)
    {
        var path = Path.Combine(Programs!, program);
        return Environment.IsPrivilegedProcess ? ("setpriv", [$"--reuid={User}", $"--regid={User}", "--init-groups", path, .. arguments]) : (path, arguments);
    }

    private static async Task RunAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        await output;
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed: {error}");
        }
    }
}
