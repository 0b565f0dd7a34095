using McpLedger.Host.Doctor;

namespace McpLedger.Host.Demo;

/// <summary>The npm servers of the demonstration, installed once into a cache of the user's.</summary>
/// <param name="Everything">The program of <c>@modelcontextprotocol/server-everything</c>.</param>
/// <param name="Filesystem">The program of <c>@modelcontextprotocol/server-filesystem</c>.</param>
internal sealed record NodeServers(string Everything, string Filesystem)
{
    private const string Version = "2026.8.31";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    /// <summary>Finds or installs them.</summary>
    /// <returns>The servers, or why there are none.</returns>
    public static async Task<(NodeServers? Servers, string? Missing)> PrepareAsync(Action<string> progress, TimeProvider time, CancellationToken cancellationToken)
    {
        if (Programs.Find("node", null) is null || Programs.Find("npm", null) is not { } npm)
        {
            return (null, "Node.js is not installed (https://nodejs.org)");
        }

        var folder = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.Create), "mcpledger", $"demo-servers-{Version}");
        var servers = new NodeServers(ProgramOf(folder, "server-everything"), ProgramOf(folder, "server-filesystem"));
        if (File.Exists(servers.Everything) && File.Exists(servers.Filesystem))
        {
            return (servers, null);
        }

        progress($"installing two npm servers into {folder} (once) ...");
        Directory.CreateDirectory(folder);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Patience);
        try
        {
            string[] arguments = ["install", "--prefix", folder, "--no-audit", "--no-fund", "--no-package-lock", "--loglevel=error", $"@modelcontextprotocol/server-everything@{Version}", $"@modelcontextprotocol/server-filesystem@{Version}"];
            var began = time.GetTimestamp();
            var (exitCode, output) = await ChildProgram.RunAsync(npm, arguments, limit.Token);
            progress($"npm took {time.GetElapsedTime(began).TotalSeconds:0.0} s");
            return exitCode == 0 && File.Exists(servers.Everything) ? (servers, null) : (null, $"npm could not install them: {output.Split('\n')[^1]}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, $"npm did not finish within {Patience.TotalSeconds:0} s");
        }
    }

    private static string ProgramOf(string folder, string name) => Path.Combine(folder, "node_modules", "@modelcontextprotocol", name, "dist", "index.js");
}
