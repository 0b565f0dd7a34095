using System.Diagnostics;
using McpLedger.Host.Tests.Configuration;

namespace McpLedger.Host.Tests.Compose;

/// <summary>The scripts of the checkout, run where a test can see what they do.</summary>
public sealed class LauncherTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-launch-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("compose/Host/Program.cs")]
    [InlineData("detectors/Models/injection/weights.bin")]
    [InlineData("detectors/Text/Tables/confusables.txt")]
    [InlineData("Directory.Build.targets")]
    [InlineData("global.json")]
    public async Task The_program_is_built_again_when_a_part_of_it_changed(string part)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The scripts are for Unix.");
        foreach (var file in (string[])["compose/Host/Program.cs", "compose/SampleServer/Program.cs", "compose/mcpledger.schema.json", "gateway/a.cs", "pipeline/a.cs", "projections/a.cs", "detectors/a.cs", "Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props", "global.json", part])
        {
            Write(file, "");
        }

        var launcher = Path.Combine(_folder.FullName, "mcpledger");
        File.Copy(Path.Combine(ExampleTests.Root(), "mcpledger"), launcher);
        Program("tools/dotnet", "echo built");
        Program("artifacts/bin/McpLedger.Host/release/mcpledger", "echo \"$(cat \"$(dirname \"$0\")/../../../build.log\") ran\"");
        Assert.Equal("built ran", await RunAsync(launcher));
        Write("artifacts/build.log", "not built");
        File.SetLastWriteTimeUtc(Path.Combine(_folder.FullName, "artifacts", ".built"), new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal("not built ran", await RunAsync(launcher));

        File.SetLastWriteTimeUtc(Path.Combine(_folder.FullName, part), new(2030, 1, 2, 0, 0, 0, DateTimeKind.Utc));

        Assert.Equal("built ran", await RunAsync(launcher));
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("{0} 1")]
    public async Task A_process_that_was_given_an_old_id_is_left_alone(string written)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says in /proc when a process began.");
        using var foreign = Process.Start(new ProcessStartInfo("sleep", ["1000"]))!;
        try
        {
            Write("pids/demo", string.Format(System.Globalization.CultureInfo.InvariantCulture, written, foreign.Id) + "\n");

            await RunAsync(Path.Combine(ExampleTests.Root(), "compose", "native", "up"), "down");

            Assert.False(foreign.HasExited);
            Assert.False(File.Exists(Path.Combine(_folder.FullName, "pids", "demo")));
        }
        finally
        {
            foreign.Kill();
            await foreign.WaitForExitAsync(CancellationToken.None);
        }
    }

    [Fact]
    public async Task A_process_that_was_started_here_is_stopped()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux says in /proc when a process began.");
        using var own = Process.Start(new ProcessStartInfo("sleep", ["1000"]))!;
        var stat = await File.ReadAllTextAsync($"/proc/{own.Id}/stat", TestContext.Current.CancellationToken);
        Write("pids/demo", $"{own.Id} {stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19]}\n");

        await RunAsync(Path.Combine(ExampleTests.Root(), "compose", "native", "up"), "down");

        await own.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(128 + 15, own.ExitCode);
    }

    [Fact]
    public async Task Help_is_the_words_at_the_head_of_the_script_and_nothing_of_what_follows()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The scripts are for Unix.");
        var script = Path.Combine(ExampleTests.Root(), "test.sh");

        var said = (await RunAsync(script, "--help")).Split('\n');

        Assert.Equal((await File.ReadAllLinesAsync(script, TestContext.Current.CancellationToken)).Skip(1).TakeWhile(l => l.StartsWith("# ", StringComparison.Ordinal)).Select(l => l[2..]), said);
        Assert.Contains(said, l => l.Contains("100 kills", StringComparison.Ordinal));
    }

    private void Write(string file, string text)
    {
        var path = Path.Combine(_folder.FullName, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    private void Program(string file, string body)
    {
        Write(file, $"#!/usr/bin/env bash\n{body}\n");
#pragma warning disable CA1416 // Skipped on Windows by every test that comes here.
        File.SetUnixFileMode(Path.Combine(_folder.FullName, file), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
#pragma warning restore CA1416
    }

    private async Task<string> RunAsync(string script, params string[] arguments)
    {
        var start = new ProcessStartInfo("bash", [script, .. arguments]) { RedirectStandardOutput = true };
        start.Environment["PATH"] = $"{Path.Combine(_folder.FullName, "tools")}:{Environment.GetEnvironmentVariable("PATH")}";
        start.Environment["MCPLEDGER_NATIVE"] = _folder.FullName;
        using var bash = Process.Start(start)!;
        var said = await bash.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await bash.WaitForExitAsync(TestContext.Current.CancellationToken);
        return said.TrimEnd();
    }
}
