namespace McpLedger.Contracts.Tests.Integrity;

/// <summary>Published test data that lies beside the checkout, not in it.</summary>
internal static class Vectors
{
    public static string Folder(string name)
    {
        var shared = Environment.GetEnvironmentVariable("MCPLEDGER_SHARED") is { Length: > 0 } named ? named : Beside(AppContext.BaseDirectory);
        var folder = Path.Combine(shared ?? "", "vectors", name);
        Assert.SkipUnless(Directory.Exists(folder), $"the vectors '{name}' are not beside the checkout (set MCPLEDGER_SHARED to the folder that holds vectors/)");
        return folder;
    }

    private static string? Beside(string start)
    {
        for (var at = new DirectoryInfo(start); at is not null; at = at.Parent)
        {
            if (Directory.Exists(Path.Combine(at.FullName, "shared", "vectors")))
            {
                return Path.Combine(at.FullName, "shared");
            }
        }

        return null;
    }
}
