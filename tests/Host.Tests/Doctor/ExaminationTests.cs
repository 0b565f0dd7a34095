using McpLedger.Host.Doctor;
using McpLedger.Host.Running;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Host.Tests.Doctor;

public sealed class ExaminationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-doctor-");

    public void Dispose() => _folder.Delete(recursive: true);

    private Task<IReadOnlyList<Finding>> ExamineAsync(string yaml) => ExamineAsync(yaml, HostRoles.All, null);

    private async Task<IReadOnlyList<Finding>> ExamineAsync(string yaml, HostRoles roles, string? data)
    {
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        await File.WriteAllTextAsync(path, yaml);
        return await Examination.RunAsync(path, roles, data, new FakeTimeProvider(new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero)), CancellationToken.None);
    }

    [Fact]
    public async Task Every_error_of_the_configuration_comes_at_once_with_its_fix()
    {
        var findings = await ExamineAsync("servers: { a: { comand: x } }\nrules: [{ id: 1 }, { id: 1, alow: {} }]\n");

        Assert.True(findings.Count >= 5);
        Assert.All(findings, f => Assert.True(f.Level == FindingLevel.Error && f.Fix!.Length > 0, f.ToString()));
    }

    [Fact]
    public async Task A_model_that_cannot_be_read_is_an_error_and_screening_that_is_off_is_warned_of()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "model.json"), "{}");

        Assert.Contains(await ExamineAsync("screening: { model: . }\n"), f => f is { Check: "screening", Level: FindingLevel.Error });
        Assert.Contains(await ExamineAsync("screening: { mode: off }\n"), f => f is { Check: "screening", Level: FindingLevel.Warning });
        Assert.Contains(await ExamineAsync("servers: {}\n"), f => f is { Check: "screening", Level: FindingLevel.Ok });
    }

    [Fact]
    public async Task The_folder_that_the_command_line_names_is_the_one_that_is_looked_at()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var open = Directory.CreateDirectory(Path.Combine(_folder.FullName, "named"), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.OtherExecute).FullName;

        Assert.Contains(await ExamineAsync("ledger: { data: written }\n", HostRoles.All, open), f => f is { Check: "data folder", Level: FindingLevel.Warning } && f.Message.StartsWith(open, StringComparison.Ordinal));
        Assert.DoesNotContain(await ExamineAsync("ledger: { data: written }\n"), f => f.Check == "data folder");
    }

    [Fact]
    public async Task What_only_other_roles_need_is_not_looked_for()
    {
        const string Stores = "kafka: { bootstrap: ['127.0.0.1:1'] }\npostgres: { connection: 'Host=127.0.0.1;Port=1;Password=${file:no/postgres}' }\n"
            + "search: { urls: ['https://127.0.0.1:1'], user: u, password: '${file:no/search}', ca: no/ca.pem }\n";
        const string Servers = "servers: { a: { url: 'http://127.0.0.1:9/mcp', headers: { Authorization: '${file:no/a}' } } }\nrules: [{ id: all, allow: {} }]\n";

        var gateway = await ExamineAsync(Stores + "rules: [{ id: all, allow: {} }]\n", HostRoles.Gateway, null);
        var pipeline = await ExamineAsync(Stores + Servers, HostRoles.Pipeline, null);

        Assert.All([gateway, pipeline], found => Assert.Equal((Examination.ConfigurationCheck, FindingLevel.Ok), (found[0].Check, found[0].Level)));
        Assert.DoesNotContain(gateway.Concat(pipeline), f => f.Check is "postgres" or "search");
        Assert.DoesNotContain(pipeline, f => f.Check is "upstream" or "rules" or "screening");
        Assert.Contains(await ExamineAsync("servers: {}\n", HostRoles.Gateway, null), f => f is { Check: Examination.ConfigurationCheck, Level: FindingLevel.Error });
    }

    [Fact]
    public async Task Rules_that_allow_nothing_are_warned_of()
    {
        var findings = await ExamineAsync("servers: { a: { command: sh } }\n");

        Assert.Contains(findings, f => f is { Check: "rules", Level: FindingLevel.Warning } && f.Message.Contains("every call is refused", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_program_that_is_not_there_and_a_server_that_does_not_answer_are_errors()
    {
        var findings = await ExamineAsync("servers: { a: { command: no-such-program-anywhere }, b: { url: 'http://127.0.0.1:9/mcp' } }\nrules: [{ id: all, allow: {} }]\n");

        Assert.Equal(["command", "upstream"], findings.Where(f => f.Level == FindingLevel.Error).Select(f => f.Check));
    }

    [Fact]
    public async Task A_secret_in_the_file_and_a_secret_file_that_others_can_read_are_warned_of_without_being_printed()
    {
        var secret = Path.Combine(_folder.FullName, "token");
        await File.WriteAllTextAsync(secret, "very-secret-value");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        var findings = await ExamineAsync("servers: { a: { command: sh, env: { API_TOKEN: literal-secret-value, OTHER: '${file:token}' } } }\nrules: [{ id: all, allow: {} }]\n");

        var said = string.Join('\n', findings);
        Assert.Contains("looks like a secret", said, StringComparison.Ordinal);
        Assert.Contains("can be read by others", said, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-value", said, StringComparison.Ordinal);
    }
}
