using System.Security.Cryptography.X509Certificates;
using McpLedger.Host.Doctor;
using McpLedger.Host.Running;
using McpLedger.Testing.Certificates;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Host.Tests.Doctor;

public sealed class ExaminationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-doctor-");

    public void Dispose() => _folder.Delete(recursive: true);

    private Task<IReadOnlyList<Finding>> ExamineAsync(string yaml) => ExamineAsync(yaml, HostRoles.All, null);

    private Task<IReadOnlyList<Finding>> ExamineAsync(string yaml, HostRoles roles, string? data) => ExamineAsync(yaml, roles, data, new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero));

    private async Task<IReadOnlyList<Finding>> ExamineAsync(string yaml, HostRoles roles, string? data, DateTimeOffset now)
    {
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        await File.WriteAllTextAsync(path, yaml);
        return await Examination.RunAsync(path, roles, data, new FakeTimeProvider(now), CancellationToken.None);
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

    [Theory]
    [InlineData(-0.01, false)]
    [InlineData(-30, true)]
    [InlineData(1, true)]
    public async Task A_certificate_that_is_not_good_or_soon_not_is_told_before_clients_do(double days, bool isError)
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        using var authority = new TestCertificates();
        var (certificate, key) = authority.SignAsPem("gateway.test");
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "cert.pem"), certificate);
        await File.WriteAllTextAsync(Path.Combine(_folder.FullName, "key.pem"), key);
        File.SetUnixFileMode(Path.Combine(_folder.FullName, "key.pem"), UnixFileMode.UserRead | UnixFileMode.GroupRead);
        using var own = X509Certificate2.CreateFromPem(certificate);

        var findings = await ExamineAsync("listen: { url: 'https://127.0.0.1:0', tls: { certificate: cert.pem, key: key.pem } }\n", HostRoles.All, null, own.NotAfter.ToUniversalTime().AddDays(days));

        Assert.Equal([isError ? FindingLevel.Error : FindingLevel.Warning, FindingLevel.Warning], findings.Where(f => f.Check == "certificate").Select(f => f.Level));
        Assert.Contains(findings, f => f.Fix?.StartsWith("chmod 600", StringComparison.Ordinal) == true);
    }

    [Fact]
    public async Task An_address_that_this_machine_has_not_and_a_gateway_that_answers_to_no_name_are_told()
    {
        var findings = await ExamineAsync("listen: { url: 'http://192.0.2.1:8377' }\n");

        Assert.Contains(findings, f => f is { Check: "port", Level: FindingLevel.Error });
        Assert.Contains(findings, f => f is { Check: "hosts", Level: FindingLevel.Warning });
        Assert.DoesNotContain(await ExamineAsync("listen: { url: 'http://0.0.0.0:0', hosts: [mcp.example.com] }\n"), f => f.Check == "hosts" || f is { Check: "port", Level: FindingLevel.Error });
    }
}
