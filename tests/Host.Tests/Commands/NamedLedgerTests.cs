using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using McpLedger.Host.Commands;
using McpLedger.Host.Configuration;
using McpLedger.Host.Running;

namespace McpLedger.Host.Tests.Commands;

/// <summary><c>--data</c> beside a configuration that names another ledger: that other one is not touched.</summary>
public sealed class NamedLedgerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-named-");
    private readonly string _config;

    public NamedLedgerTests()
    {
        _config = Path.Combine(_folder.FullName, "mcpledger.yaml");
        File.WriteAllText(_config, "ledger: { data: ./written, retention: { bytes: 1MiB } }\nlisten: { url: 'http://127.0.0.1:0' }\nrules: [{ id: all, allow: {} }]\n");
    }

    private string Written => Path.Combine(_folder.FullName, "written");

    private string Named => Path.Combine(_folder.FullName, "named");

    public void Dispose() => _folder.Delete(recursive: true);

    private string[] Contents() =>
        [.. Directory.EnumerateFiles(Written, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(f => $"{f} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f)))}")];

    [Theory]
    [InlineData("retention", "apply")]
    [InlineData("damage", "list")]
    [InlineData("damage", "accept", "calls-0", "0", "--sha256", "0000000000000000000000000000000000000000000000000000000000000000", "--reason", "none")]
    public async Task A_verb_opens_the_ledger_that_its_command_line_names_and_makes_none_where_none_is(params string[] line)
    {
        await using (LedgerRoom.Open(ConfigReader.Read(_config).Config!, HostRoles.All))
        {
            // It is written to once.
        }

        var before = Contents();

        Assert.Equal(ExitCode.Unavailable, await CommandTree.RunAsync([.. line, "--config", _config, "--data", Named]));

        Assert.Equal(before, Contents());
        Assert.False(Directory.Exists(Named));
    }

    [Fact]
    public async Task A_ledger_that_is_looked_through_for_damage_stays_as_it_is_and_needs_no_configuration()
    {
        await using (LedgerRoom.Open(ConfigReader.Read(_config).Config!, HostRoles.All))
        {
            // It is written to once.
        }

        var before = Contents();

        var (exitCode, output, errors) = await Verb.RunAsync(Directory.CreateDirectory(Named).FullName, "damage", "list", "--data", Written);

        Assert.Equal((ExitCode.Ok, ""), (exitCode, errors));
        Assert.Contains("everything can be read", output, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task An_instance_opens_the_ledger_that_its_command_line_names_and_keeps_it_when_it_reloads()
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mcpledger.dll"), "up", "--json", "--config", _config, "--data", Named]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var instance = Process.Start(start)!;
        try
        {
            _ = instance.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            while (await instance.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line && line != "}")
            {
                // Until it has said where it serves.
            }

            Assert.False(Directory.Exists(Written));
            Assert.NotNull(RunningInstance.Find(Named));
            var reloaded = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mcpledger.dll"), "reload", "--json", "--config", _config, "--data", Named]) { RedirectStandardOutput = true };
            using var reload = Process.Start(reloaded)!;
            using var said = JsonDocument.Parse(await reload.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
            Assert.True(said.RootElement.GetProperty("inForce").GetBoolean());
            Assert.Empty(said.RootElement.GetProperty("needsRestart").EnumerateArray());
        }
        finally
        {
            instance.Kill();
            await instance.WaitForExitAsync(CancellationToken.None);
        }
    }
}
