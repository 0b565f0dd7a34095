using McpLedger.Host.Commands;
using McpLedger.Streaming.Embedded;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Host.Tests.Commands;

/// <summary>Verbs on a machine of the shipped topology that has its own role's secrets and no others.</summary>
public sealed class StoppedRoleTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _config;

    public StoppedRoleTests()
    {
        var compose = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(compose.FullName, "compose", "config", "mcpledger.yaml")))
        {
            compose = compose.Parent!;
        }

        _config = Path.Combine(_folder.Path, "mcpledger.yaml");
        File.WriteAllText(_config, File.ReadAllText(Path.Combine(compose.FullName, "compose", "config", "mcpledger.yaml"))
            .Replace("/run/secrets", Path.Combine(_folder.Path, "none"), StringComparison.Ordinal)
            .Replace("\"kafka-1:9092\", \"kafka-2:9092\", \"kafka-3:9092\"", "\"127.0.0.1:1\"", StringComparison.Ordinal)
            .Replace("http://demo:8378", "http://127.0.0.1:1", StringComparison.Ordinal));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Damage_is_listed_without_the_secrets_of_stores()
    {
        Directory.CreateDirectory(Path.Combine(_folder.Path, "kafka", "spool"));

        Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(["damage", "list", "--config", _config, "--data", _folder.Path]));
    }

    [Theory]
    [InlineData("detectors", "rescore")]
    [InlineData("findings", "labels", "labels.jsonl")]
    public async Task What_reads_the_records_alone_asks_for_no_secrets_of_stores(params string[] verb) =>
        Assert.Equal(ExitCode.Unavailable, await CommandTree.RunAsync([.. verb, "--config", _config]));

    [Fact]
    public async Task Retention_asks_for_no_secrets_of_stores()
    {
        using var held = FolderLock.TryTake(Directory.CreateDirectory(Path.Combine(_folder.Path, "kafka")).FullName, out _);

        Assert.Equal(ExitCode.Unavailable, await CommandTree.RunAsync(["retention", "apply", "--config", _config, "--data", _folder.Path]));
    }

    [Theory]
    [InlineData("gateway", ExitCode.Finding)]
    [InlineData("pipeline", ExitCode.Finding)]
    [InlineData("projections", ExitCode.Usage)]
    public async Task Doctor_looks_at_what_the_role_needs(string role, int expected) =>
        Assert.Equal(expected, await CommandTree.RunAsync(["doctor", "--role", role, "--config", _config, "--data", _folder.Path]));
}
