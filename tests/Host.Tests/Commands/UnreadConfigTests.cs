using System.Text.Json;
using McpLedger.Host.Commands;

namespace McpLedger.Host.Tests.Commands;

/// <summary>A file that somebody broke while an instance runs under what stood in it.</summary>
public sealed class UnreadConfigTests
{
    private static readonly Dictionary<string, string> Placed = new() { ["MCPLEDGER__LEDGER__DATA"] = "./data" };

    [Fact]
    public async Task Verbs_say_where_it_cannot_be_read_and_find_the_instance_where_the_environment_places_it()
    {
        await using var ledger = await LiveLedger.StartAsync();
        var path = Path.Combine(ledger.Folder, "mcpledger.yaml");
        await File.WriteAllTextAsync(path, "listen: {}\nservers: [\n", TestContext.Current.CancellationToken);

        foreach (var line in (string[][])[["reload"], ["keys", "revoke", "0"], ["search", "x"], ["health"], ["verify", "--key", ledger.VerifierKeys], ["parked", "list"], ["retention", "show"]])
        {
            var (exitCode, _, errors) = await ledger.RunAsync(line);
            Assert.True(exitCode == ExitCode.Usage, $"{string.Join(' ', line)}: {exitCode} {errors}");
            Assert.Contains($"{path}:3:1: this is not YAML", errors, StringComparison.Ordinal);
        }

        Assert.Equal(ExitCode.Ok, (await Verb.RunAsync(ledger.Folder, Placed, "health")).ExitCode);
        Assert.Equal(ExitCode.Ok, (await ledger.RunAsync("health", "--data", ledger.Data)).ExitCode);
        Assert.Equal(ExitCode.Ok, (await ledger.RunAsync("health", "--api", ledger.Url.ToString())).ExitCode);
        var (refused, _, said) = await Verb.RunAsync(ledger.Folder, Placed, "reload");
        Assert.Equal(ExitCode.Usage, refused);
        Assert.Contains("configuration:3:1: this is not YAML", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_only_the_environment_names_is_the_one()
    {
        var folder = Directory.CreateTempSubdirectory("mcpl-environment-");
        try
        {
            var (exitCode, _, errors) = await Verb.RunAsync(folder.FullName, new Dictionary<string, string> { ["MCPLEDGER__LEDGER__DATA"] = "/nowhere/at-all" }, "reload");

            Assert.Equal(ExitCode.Unavailable, exitCode);
            Assert.Contains("/nowhere/at-all", errors, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Read_models_of_a_cluster_without_their_instance_stop_no_doctor_and_are_read_by_no_verb()
    {
        var folder = Directory.CreateTempSubdirectory("mcpl-one-role-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder.FullName, "mcpledger.yaml"), "ledger: { data: data }\nkafka: { bootstrap: ['127.0.0.1:1'] }\nrules: [{ id: all, allow: {} }]\n", TestContext.Current.CancellationToken);
            Projections.Homes.Embedded.ProjectionHome.Open(Path.Combine(folder.FullName, "data", "readmodels"), TimeProvider.System).Dispose();

            var (examined, output, _) = await Verb.RunAsync(folder.FullName, "doctor", "--json");
            var (searched, _, errors) = await Verb.RunAsync(folder.FullName, "search", "x");

            Assert.Equal(ExitCode.Finding, examined);
            using var findings = JsonDocument.Parse(output);
            Assert.Contains(findings.RootElement.EnumerateArray(), f => f.GetProperty("check").GetString() == "kafka");
            Assert.Equal(ExitCode.Unavailable, searched);
            Assert.Contains("a ledger in Kafka", errors, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
