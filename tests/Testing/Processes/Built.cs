namespace McpLedger.Testing.Processes;

/// <summary>Where the programs of this build lie.</summary>
public static class Built
{
    // artifacts/bin/{project}/{configuration}/ is where this runs as well.
    private static readonly DirectoryInfo Here = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    /// <summary>The checkout.</summary>
    public static string Checkout { get; } = Above(Here, "McpLedger.sln");

    /// <summary>Path of a project's program in the configuration that runs.</summary>
    public static string Program(string project, string name) => Path.Combine(Here.Parent!.Parent!.FullName, project, Here.Name, name);

    /// <summary>The product.</summary>
    public static string McpLedger => Program("McpLedger.Host", "mcpledger");

    /// <summary>Folder of the npm tools, or null with nothing installed there (<c>tests/install-node.sh</c>).</summary>
    public static string? NodeTools
    {
        get
        {
            var folder = Path.Combine(Checkout, ".tools", "node", "node_modules");
            return File.Exists(Path.Combine(folder, ".bin", "node")) ? folder : null;
        }
    }

    private static string Above(DirectoryInfo? folder, string file)
    {
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, file)))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"There is no {file} above {AppContext.BaseDirectory}.");
    }
}
