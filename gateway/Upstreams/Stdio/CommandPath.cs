namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>Finds programs as a shell would, so that a missing one is named before anything is started.</summary>
internal static class CommandPath
{
    /// <summary>Full path of <paramref name="command"/>; null when there is no such program.</summary>
    /// <param name="command">A name that is looked up in <paramref name="path"/>, or a path.</param>
    /// <param name="path">Value of PATH.</param>
    /// <param name="workingDirectory">Where relative paths begin; null for the gateway's own.</param>
    public static string? Find(string command, string path, string? workingDirectory)
    {
        var here = workingDirectory ?? Environment.CurrentDirectory;
        if (command.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) || command.Contains(Path.AltDirectorySeparatorChar, StringComparison.Ordinal))
        {
            return Candidates(Path.GetFullPath(command, here)).FirstOrDefault(IsProgram);
        }

        return path.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .SelectMany(folder => Candidates(Path.Combine(Path.GetFullPath(folder, here), command)))
            .FirstOrDefault(IsProgram);
    }

    private static IEnumerable<string> Candidates(string path) =>
        OperatingSystem.IsWindows() && Path.GetExtension(path).Length == 0 ? [path + ".exe", path + ".cmd", path + ".bat"] : [path];

    private static bool IsProgram(string path) =>
        File.Exists(path) && (OperatingSystem.IsWindows()
            || (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != 0);
}
