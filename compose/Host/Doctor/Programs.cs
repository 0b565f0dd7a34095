namespace McpLedger.Host.Doctor;

/// <summary>Finds programs as the system would.</summary>
internal static class Programs
{
    private static readonly string[] WindowsEndings = [".exe", ".cmd", ".bat", ""];

    /// <returns>Full path; null when it is not there.</returns>
    public static string? Find(string program, string? folder)
    {
        if (program.Contains('/', StringComparison.Ordinal) || program.Contains('\\', StringComparison.Ordinal))
        {
            var full = Path.GetFullPath(program, folder ?? Environment.CurrentDirectory);
            return File.Exists(full) ? full : null;
        }

        string[] endings = OperatingSystem.IsWindows() ? WindowsEndings : [""];
        return (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(f => endings.Select(e => Path.Combine(f, program + e)))
            .FirstOrDefault(File.Exists);
    }
}
