using McpLedger.Host.Doctor;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Host.Tests.Doctor;

public sealed class ExaminationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-doctor-");

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<IReadOnlyList<Finding>> ExamineAsync(string yaml)
    {
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        await File.WriteAllTextAsync(path, yaml);
        return await Examination.RunAsync(path, new FakeTimeProvider(new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero)), CancellationToken.None);
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
