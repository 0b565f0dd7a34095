using System.Runtime.CompilerServices;

namespace McpLedger.Contracts.Tests.Events;

/// <summary>Texts that somebody approved: what is written today must be what was approved.</summary>
internal static class Approved
{
    private const string Variable = "MCPLEDGER_APPROVE";

    /// <summary>Fails when <paramref name="actual"/> is not the approved text of that name.</summary>
    public static void Match(string name, string actual, string because)
    {
        var file = Path.Combine(Folder(), name);
        var approved = Read(name);
        if (approved == actual)
        {
            return;
        }

        if (Environment.GetEnvironmentVariable(Variable) == "1")
        {
            Directory.CreateDirectory(Folder());
            File.WriteAllText(file, actual);
            return;
        }

        Assert.Fail($"{name} is not what was approved. {because} If it is meant, run this test once with {Variable}=1 and commit the file with the reason.\n--- approved\n{approved}\n--- now\n{actual}");
    }

    public static string? Read(string name)
    {
        var file = Path.Combine(Folder(), name);
        return File.Exists(file) ? File.ReadAllText(file) : null;
    }

    private static string Folder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "..", "Approved");
}
