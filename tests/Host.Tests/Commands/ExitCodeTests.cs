using System.CommandLine;
using System.Diagnostics;
using McpLedger.Host.Commands;

namespace McpLedger.Host.Tests.Commands;

public sealed class ExitCodeTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-exit-");

    public void Dispose() => _folder.Delete(recursive: true);

    private string Write(string name, string text)
    {
        var path = Path.Combine(_folder.FullName, name);
        File.WriteAllText(path, text);
        return path;
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("up", "--role", "captain")]
    [InlineData("up", "--role", "gateway")]
    [InlineData("up", "--config", "/nowhere/mcpledger.yaml")]
    [InlineData("doctor", "--config", "/nowhere/mcpledger.yaml")]
    [InlineData("import", "/nowhere/mcp.json")]
    [InlineData("export", "--config", "/nowhere/mcpledger.yaml")]
    [InlineData("export", "--client", "telnet")]
    [InlineData("search", "x", "--api", "nowhere")]
    [InlineData("connect", "demo", "--url", "ftp://127.0.0.1:1")]
    [InlineData("search", "x", "--from", "yesterday")]
    [InlineData("keys", "create", "--role", "viewer", "--days", "2147483647")]
    [InlineData("keys", "create", "--role", "viewer", "--days", "0")]
    [InlineData("verify", "--key", "")]
    [InlineData("doctor", "--role", "captain")]
    [InlineData("retention", "show", "--api", "http://127.0.0.1:1")]
    [InlineData("retention", "apply", "--api", "http://127.0.0.1:1")]
    [InlineData("findings", "labels", "labels.jsonl", "--api", "http://127.0.0.1:1")]
    [InlineData("detectors", "rescore", "--api", "http://127.0.0.1:1")]
    [InlineData("verify", "--key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "--api", "http://127.0.0.1:1")]
    [InlineData("verify", "./typo", "--key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    public async Task What_cannot_be_understood_is_2(params string[] line) => Assert.Equal(ExitCode.Usage, await CommandTree.RunAsync(line));

    [Theory]
    [InlineData("verify", "--key", "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")]
    [InlineData("detectors", "rescore")]
    [InlineData("findings", "labels", "labels.jsonl")]
    [InlineData("parked", "list")]
    public async Task A_ledger_in_Kafka_whose_configuration_does_not_hold_is_not_looked_for_in_a_folder(params string[] line)
    {
        var config = Write("mcpledger.yaml", "kafka: { bootstrap: ['127.0.0.1:9'], security: { protocol: sasl, user: u, password: '${env:MCPLEDGER_TEST_NOT_SET}' } }\n");

        Assert.Equal(ExitCode.Usage, await CommandTree.RunAsync([.. line, "--config", config]));
    }

    [Theory]
    [InlineData("detectors", "rescore")]
    [InlineData("detectors", "rescore", "--data", "/nowhere")]
    public async Task A_past_is_watched_under_no_settings_but_those_that_were_written(params string[] line)
    {
        var config = Write("mcpledger.yaml", "servers: { a: { url: 'http://127.0.0.1:9/mcp', headers: { A: '${env:MCPLEDGER_TEST_NOT_SET}' } } }\ndetection: { perHour: many }\n");

        Assert.Equal(ExitCode.Usage, await CommandTree.RunAsync([.. line, "--config", config]));
    }

    [Fact]
    public async Task Segments_are_shown_of_folders_and_of_no_cluster()
    {
        var config = Write("mcpledger.yaml", "kafka: { bootstrap: ['127.0.0.1:9'] }\n");

        Assert.Equal(ExitCode.Usage, await CommandTree.RunAsync(["retention", "show", "--config", config]));
        var (missing, _, errors) = await Verb.RunAsync(_folder.FullName, "retention", "show", "--data", "/nowhere");
        Assert.Equal(ExitCode.Unavailable, missing);
        Assert.Contains("there is no ledger in /nowhere", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("serch", "x", "--json")]
    [InlineData("search", "--limit", "many", "--json")]
    public async Task A_mistyped_line_tells_a_program_nothing_on_standard_output(params string[] line)
    {
        var (exitCode, output, errors) = await Verb.RunAsync(_folder.FullName, line);

        Assert.Equal((ExitCode.Usage, ""), (exitCode, output));
        Assert.Contains(line[^2], errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("search", "x", "--data", "/nowhere")]
    [InlineData("parked", "list", "--api", "http://127.0.0.1:1")]
    [InlineData("search", "x", "--api", "http://127.0.0.1:1")]
    [InlineData("reload", "--data", "/nowhere")]
    [InlineData("rebuild", "--data", "/nowhere")]
    [InlineData("parked", "list", "--data", "/nowhere")]
    public async Task What_is_not_there_now_is_3(params string[] line) => Assert.Equal(ExitCode.Unavailable, await CommandTree.RunAsync(line));

    [Fact]
    public async Task Doctor_is_0_when_all_is_well_and_1_when_something_is_found()
    {
        var good = Write("good.yaml", "servers: { a: { command: sh } }\nrules: [{ id: all, allow: {} }]\n");
        var bad = Write("bad.yaml", "servers: { a: { command: no-such-program-anywhere } }\nrules: [{ id: all, allow: {} }]\n");

        Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(["doctor", "--config", good]));
        Assert.Equal(ExitCode.Finding, await CommandTree.RunAsync(["doctor", "--config", bad]));
    }

    [Fact]
    public void A_time_without_an_offset_is_of_UTC()
    {
        var from = CommonOptions.Time("--from", "");

        var parsed = new Command("search") { from }.Parse(["--from", "2026-11-24T10:00"]);

        Assert.Equal(new DateTimeOffset(2026, 11, 24, 10, 0, 0, TimeSpan.Zero), parsed.GetValue(from));
        Assert.Equal(TimeSpan.Zero, parsed.GetValue(from)!.Value.Offset);
        Assert.Equal(TimeSpan.FromHours(2), new Command("search") { from }.Parse(["--from", "2026-11-24T10:00+02:00"]).GetValue(from)!.Value.Offset);
    }

    [Theory]
    [InlineData("now-90m", 90)]
    [InlineData("now-2d", 2 * 24 * 60)]
    [InlineData("now-0s", 0)]
    public void A_time_may_be_so_long_ago_as_queries_say_it(string text, int minutes)
    {
        var from = CommonOptions.Time("--from", "");

        var parsed = new Command("search") { from }.Parse(["--from", text]).GetValue(from)!.Value;

        Assert.InRange(TimeProvider.System.GetUtcNow() - parsed, TimeSpan.FromMinutes(minutes), TimeSpan.FromMinutes(minutes + 5));
    }

    [Theory]
    [InlineData("now-")]
    [InlineData("now-1y")]
    [InlineData("now--1h")]
    [InlineData("now-1000000000d")]
    [InlineData("1h")]
    public void What_is_neither_is_said_to_be_no_time(string text)
    {
        var from = CommonOptions.Time("--from", "");

        Assert.Contains("is no time. Fix:", Assert.Single(new Command("search") { from }.Parse(["--from", text]).Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_import_writes_nothing()
    {
        var client = Write("mcp.json", """{ "mcpServers": { "a": { "command": "sh", "env": { "TOKEN": "abcdefghijkl" } } } }""");
        var config = Path.Combine(_folder.FullName, "mcpledger.yaml");

        Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(["import", client, "--dry-run", "--config", config]));
        Assert.Equal(["mcp.json"], Directory.GetFileSystemEntries(_folder.FullName).Select(Path.GetFileName));
        Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(["import", client, "--config", config]));
        Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(["doctor", "--config", config]));
    }

    [Fact]
    public async Task An_address_that_cannot_be_listened_on_is_named_with_its_key_and_everything_ends_in_order()
    {
        var config = Write("mcpledger.yaml", "ledger: { data: data }\nlisten: { url: 'http://192.0.2.1:8377', hosts: [localhost] }\nrules: [{ id: all, allow: {} }]\n");

        var (exitCode, _, errors) = await Verb.RunAsync(_folder.FullName, "up", "--config", config);

        Assert.Equal(ExitCode.Unavailable, exitCode);
        Assert.Contains("http://192.0.2.1:8377/ cannot be listened on", errors, StringComparison.Ordinal);
        Assert.Contains("listen.url", errors, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(_folder.FullName, "data", "ledger", "calls-0", "closed.json")));
    }

    [Fact]
    public async Task A_folder_that_another_user_may_not_look_into_is_not_said_to_be_empty()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        // Root may look into everything: it becomes nobody.
        const string Another = "/usr/bin/setpriv";
        Assert.SkipWhen(Environment.IsPrivilegedProcess && !File.Exists(Another), $"Whoever runs this may look into everything, and there is no {Another}.");
        var data = Directory.CreateDirectory(Path.Combine(_folder.FullName, "data"), UnixFileMode.None).FullName;
        string[] line = ["dotnet", Path.Combine(AppContext.BaseDirectory, "mcpledger.dll"), "search", "x", "--data", data];
        string[] whole = Environment.IsPrivilegedProcess ? [Another, "--reuid=65534", "--regid=65534", "--clear-groups", .. line] : line;
        try
        {
            using var process = Process.Start(new ProcessStartInfo(whole[0], whole[1..]) { WorkingDirectory = "/", RedirectStandardError = true })!;
            var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);

            Assert.True(process.ExitCode == ExitCode.Unavailable, errors);
            Assert.Contains($"{data} may not be looked into by", errors, StringComparison.Ordinal);
        }
        finally
        {
            File.SetUnixFileMode(data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }
}
