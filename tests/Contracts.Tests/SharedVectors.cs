namespace McpLedger.Contracts.Tests;

/// <summary>The published conformance vectors, where they lie beside the checkout; tests that need them skip where they do not.</summary>
internal static class SharedVectors
{
    public static string Folder(string name)
    {
        var folder = Candidates().Select(shared => Path.Combine(shared, "vectors", name)).FirstOrDefault(Directory.Exists);
        Assert.SkipWhen(folder is null, $"The vectors '{name}' are not there: no folder shared/vectors/{name} beside the checkout, nor in MCPLEDGER_SHARED.");
        return folder!;
    }

    private static IEnumerable<string> Candidates()
    {
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
