using System.Diagnostics;
using McpLedger.Host.Tests.Configuration;

namespace McpLedger.Host.Tests.Compose;

public sealed class ScriptTests
{
    public static TheoryData<string> Scripts => [.. Directory.EnumerateFiles(Path.Combine(ExampleTests.Root(), "compose"), "*", SearchOption.AllDirectories)
        .Where(p => !p.Contains("/secrets/", StringComparison.Ordinal) && File.ReadLines(p).FirstOrDefault()?.StartsWith("#!/usr/bin/env bash", StringComparison.Ordinal) == true)
        .Select(p => Path.GetRelativePath(ExampleTests.Root(), p))];

    [Theory, MemberData(nameof(Scripts))]
    public async Task Every_script_is_read_by_the_shell_and_can_be_run(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The scripts are for Unix.");
        var path = Path.Combine(ExampleTests.Root(), script);
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-n", path]) { RedirectStandardError = true })!;
        var said = await bash.StandardError.ReadToEndAsync();
        await bash.WaitForExitAsync();

        Assert.Equal((0, ""), (bash.ExitCode, said));
#pragma warning disable CA1416 // Skipped on Windows above.
        Assert.True(File.GetUnixFileMode(path).HasFlag(UnixFileMode.UserExecute));
#pragma warning restore CA1416
    }
}
