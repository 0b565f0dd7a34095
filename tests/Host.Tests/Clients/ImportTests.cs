using System.Text.Json.Nodes;
using McpLedger.Host.Clients;
using McpLedger.Host.Commands;
using McpLedger.Host.Configuration;
using McpLedger.Host.Tests.Commands;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Host.Tests.Clients;

public sealed class ImportTests : IDisposable
{
    private const string Client = """
        {
          // as clients write it
          "mcpServers": {
            "everything": { "command": "npx", "args": ["-y", "@modelcontextprotocol/server-everything"] },
            "GitHub Copilot": { "type": "http", "url": "https://api.githubcopilot.com/mcp/", "headers": { "Authorization": "Bearer ghp_0123456789abcdef0123456789abcdef0123" } },
            "old": { "transport": "sse", "url": "https://old.example/sse" },
            "db": { "command": "db-mcp", "args": ["--api-key", "hunter2hunter2", "--token=sk-abcdefghijklmnopqrst", "--region", "eu"], "env": { "DB_PASSWORD": "correct horse", "DEBUG": "true", "PAT": "${MY_PAT}" } },
            "asks": { "command": "x", "env": { "KEY": "${input:the-key}" } },
            "query": { "url": "https://q.example/mcp?api_key=abcdef123456" },
            "off": { "command": "x", "disabled": true },
            "broken": { "arguments": [] },
          },
        }
        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mcpl-import-");

    private static string? Nothing(string file) => null;

    public void Dispose() => _folder.Delete(recursive: true);

    private static ImportPlan Plan() => Import.Plan(new(), McpServersJson.Read(Client, out _)!, replace: false, Nothing);

    [Fact]
    public void What_is_imported_is_a_configuration_that_holds_and_reads_back_the_same()
    {
        var plan = Plan();
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        ImportWriter.Write(path, plan, new FakeTimeProvider());
        Environment.SetEnvironmentVariable("MY_PAT", "from-the-environment");
        File.WriteAllText(Path.Combine(_folder.FullName, "secrets", "asks-the-key"), "given later");

        var read = ConfigReader.Read(path);

        Assert.Empty(read.Faults);
        Assert.Equal(["asks", "db", "everything", "github-copilot", "old", "query"], read.Config!.Gateway.Servers.Keys);
        Assert.Equal("Bearer ghp_0123456789abcdef0123456789abcdef0123", read.Config.Gateway.Servers["github-copilot"].Headers["Authorization"]);
        Assert.Equal(["--api-key", "hunter2hunter2", "--token=sk-abcdefghijklmnopqrst", "--region", "eu"], read.Config.Gateway.Servers["db"].Stdio!.Arguments);
        Assert.Equal("correct horse", read.Config.Gateway.Servers["db"].Stdio!.Environment["DB_PASSWORD"]);
        Assert.Equal("from-the-environment", read.Config.Gateway.Servers["db"].Stdio!.Environment["PAT"]);
        Assert.Equal("https://q.example/mcp?api_key=abcdef123456", read.Config.Gateway.Servers["query"].Destinations["default"].ToString());
        Assert.Equal(plan.Text, ConfigWriter.Write(read.File!, new Dictionary<string, string>()) is { } again ? Commented(again, plan.Text) : "");
    }

    [Fact]
    public void Headers_that_belong_to_each_message_are_left_out_and_that_is_said()
    {
        const string Common = """{ "mcpServers": { "a": { "url": "https://a.example/mcp", "headers": { "Content-Type": "application/json", "X-Team": "blue" } } } }""";
        var plan = Import.Plan(new(), McpServersJson.Read(Common, out _)!, replace: false, Nothing);

        Assert.Equal(["X-Team"], plan.File.Servers["a"].Headers.Keys);
        Assert.Contains("Content-Type of 'a' was left out", Assert.Single(plan.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void No_literal_secret_stays_in_the_file_and_each_has_a_file_of_mode_0600()
    {
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        var plan = Plan();

        ImportWriter.Write(path, plan, new FakeTimeProvider());

        var text = File.ReadAllText(path);
        Assert.All(["ghp_", "hunter2", "sk-abc", "correct horse", "abcdef123456"], secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
        Assert.Contains("Authorization: \"Bearer ${file:secrets/github-copilot-authorization}\"", text, StringComparison.Ordinal);
        Assert.Contains("DEBUG: \"true\"", text, StringComparison.Ordinal);
        var files = Directory.GetFiles(Path.Combine(_folder.FullName, "secrets"));
        Assert.Equal(5, files.Length);
        Assert.All(files, f => Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(f) == (UnixFileMode.UserRead | UnixFileMode.UserWrite)));
        Assert.DoesNotContain("hunter2", string.Join(' ', plan.Secrets), StringComparison.Ordinal);
    }

    [Fact]
    public void The_imported_servers_are_allowed_to_anonymous_and_the_file_says_so()
    {
        var plan = Plan();

        var rule = Assert.Single(plan.File.Rules);
        Assert.Equal(("imported", "anonymous"), (rule.Id, Assert.Single(rule.Allow!.Principals)));
        Assert.Equal(plan.Imported.Order(StringComparer.Ordinal), rule.Allow.Servers);
        Assert.Contains("written by 'mcpledger import'", plan.Text, StringComparison.Ordinal);
        Assert.Equal(2, plan.Notes.Count(n => n.Contains("left out", StringComparison.Ordinal)));
    }

    [Fact]
    public void Another_import_leaves_off_what_an_operator_turned_off()
    {
        const string One = "{\"mcpServers\":{\"one-more\":{\"command\":\"x\"}}}";
        var closed = Plan().File with { Principals = new() { Anonymous = "off" } };

        var second = Import.Plan(closed, McpServersJson.Read(One, out _)!, replace: false, Nothing);

        Assert.Equal(["one-more"], second.Imported);
        Assert.Equal("off", second.File.Principals.Anonymous);
        Assert.Contains(second.Notes, note => note.Contains("principals.anonymous", StringComparison.Ordinal));
        Assert.Equal("loopback", Import.Plan(new(), McpServersJson.Read(One, out _)!, replace: false, Nothing).File.Principals.Anonymous);
    }

    [Fact]
    public void A_second_import_changes_nothing_and_keeps_what_an_operator_wrote()
    {
        var first = Plan();
        var edited = first.File with { Rules = first.File.Rules.Add(new() { Id = "mine", Block = new() { Tools = ["rm*"] } }) };

        var second = Import.Plan(edited, McpServersJson.Read(Client, out _)!, replace: false, Nothing);

        Assert.Empty(second.Imported);
        Assert.Equal(edited.Rules, second.File.Rules);
    }

    [Fact]
    public async Task Another_import_needs_no_secret_at_hand_keeps_what_was_emptied_and_says_that_comments_go()
    {
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        var from = Path.Combine(_folder.FullName, "mcp.json");
        await File.WriteAllTextAsync(from, """{ "mcpServers": { "more": { "command": "x" } } }""", TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(path, "servers:\n  # ours\n  a: { url: 'http://h/mcp', headers: { A: '${file:secrets/absent}' } }\ndetection: { labels: [] }\n", TestContext.Current.CancellationToken);

        var (exitCode, output, errors) = await Verb.RunAsync(_folder.FullName, "import", from);
        var (exported, entries, _) = await Verb.RunAsync(_folder.FullName, "export");

        Assert.Equal((ExitCode.Ok, ""), (exitCode, errors));
        Assert.Contains("comments in it go", output, StringComparison.Ordinal);
        var file = ConfigReader.ReadWritten(path).Config!.File;
        Assert.Equal(["a", "more"], file.Servers.Keys.Order(StringComparer.Ordinal));
        Assert.Empty(file.Detection.Labels);
        Assert.Equal(ExitCode.Ok, exported);
        Assert.Equal(["a", "more"], JsonNode.Parse(entries)!["mcpServers"]!.AsObject().Select(e => e.Key));
        Assert.DoesNotContain("comments", (await Verb.RunAsync(_folder.FullName, "import", from, "--replace", "--dry-run")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Servers_and_keys_whose_names_run_together_keep_their_own_secrets()
    {
        const string Both = """{ "mcpServers": { "github": { "command": "x", "env": { "ENTERPRISE_TOKEN": "aaaaaaaaaaaaaaaa" } }, "github-enterprise": { "command": "x", "env": { "TOKEN": "bbbbbbbbbbbbbbbb" } } } }""";
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");

        ImportWriter.Write(path, Import.Plan(new(), McpServersJson.Read(Both, out _)!, replace: false, Nothing), new FakeTimeProvider());

        var servers = ConfigReader.Read(path).Config!.Gateway.Servers;
        Assert.Equal("aaaaaaaaaaaaaaaa", servers["github"].Stdio!.Environment["ENTERPRISE_TOKEN"]);
        Assert.Equal("bbbbbbbbbbbbbbbb", servers["github-enterprise"].Stdio!.Environment["TOKEN"]);
    }

    [Fact]
    public void A_secret_that_is_there_already_is_not_written_over_by_another()
    {
        const string One = """{ "mcpServers": { "github": { "command": "x", "env": { "TOKEN": "aaaaaaaaaaaaaaaa" } } } }""";
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        var file = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.FullName, "secrets")).FullName, "github-token");
        File.WriteAllText(file, "somebody else's\n");

        ImportWriter.Write(path, Import.Plan(new(), McpServersJson.Read(One, out _)!, replace: false, f => ImportWriter.SecretIn(path, f)), new FakeTimeProvider());

        Assert.Equal("somebody else's\n", File.ReadAllText(file));
        Assert.Equal("aaaaaaaaaaaaaaaa", ConfigReader.Read(path).Config!.Gateway.Servers["github"].Stdio!.Environment["TOKEN"]);
    }

    [Fact]
    public void The_file_that_was_there_is_kept()
    {
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        File.WriteAllText(path, "servers: {}\n");

        var kept = ImportWriter.Write(path, Plan(), new FakeTimeProvider());

        Assert.Equal("servers: {}\n", File.ReadAllText(kept!));
    }

    [Fact]
    public void Files_that_are_kept_within_one_second_are_kept_apart()
    {
        var path = Path.Combine(_folder.FullName, "mcp.json");
        File.WriteAllText(path, "first");
        var time = new FakeTimeProvider();

        string?[] kept = [ImportWriter.ReplaceKeeping(path, "second", time), ImportWriter.ReplaceKeeping(path, "third", time), ImportWriter.ReplaceKeeping(path, "fourth", time)];

        Assert.Equal(["first", "second", "third"], kept.Select(k => File.ReadAllText(k!)));
        Assert.Equal("fourth", File.ReadAllText(path));
    }

    [Fact]
    public void A_link_stays_one_and_the_file_behind_it_keeps_its_mode()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no file modes.");
            return;
        }

        const UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
        var target = Path.Combine(Directory.CreateDirectory(Path.Combine(_folder.FullName, "dotfiles")).FullName, "mcp.json");
        File.WriteAllText(target, "first");
        File.SetUnixFileMode(target, mode);
        var path = Path.Combine(_folder.FullName, "mcp.json");
        File.CreateSymbolicLink(path, Path.Combine("dotfiles", "mcp.json"));

        var kept = ImportWriter.ReplaceKeeping(path, "second", new FakeTimeProvider());

        Assert.Equal(Path.Combine("dotfiles", "mcp.json"), new FileInfo(path).LinkTarget);
        Assert.Equal(("second", "first", mode), (File.ReadAllText(target), File.ReadAllText(kept!), File.GetUnixFileMode(target)));
    }

    [Theory]
    [InlineData("${file:/etc/hostname}")]
    [InlineData("Bearer ${file:/etc/hostname}")]
    [InlineData("${env:HOME:-x}")]
    [InlineData("${A}${command:pick}")]
    [InlineData("${${HOME}}")]
    [InlineData("$${HOME}{file:/etc/hostname}")]
    [InlineData("${")]
    [InlineData("${workspaceFolder}/server.py")]
    [InlineData("${userHome}")]
    public void What_only_the_client_knows_is_looked_up_by_nobody(string foreign)
    {
        var entry = new JsonObject
        {
            ["web"] = new JsonObject { ["url"] = "https://a.example/mcp", ["headers"] = new JsonObject { ["X-Theirs"] = foreign } },
            ["child"] = new JsonObject { ["command"] = "x", ["args"] = new JsonArray("--token=" + foreign, foreign), ["env"] = new JsonObject { ["THEIRS"] = foreign } },
        };
        var plan = Import.Plan(new(), McpServersJson.Read(new JsonObject { ["mcpServers"] = entry }.ToJsonString(), out _)!, replace: false, Nothing);
        var path = Path.Combine(_folder.FullName, "mcpledger.yaml");
        ImportWriter.Write(path, plan, new FakeTimeProvider());

        var servers = ConfigReader.Read(path).Config!.Gateway.Servers;

        Assert.DoesNotContain("${file:/", plan.Text, StringComparison.Ordinal);
        Assert.Equal(foreign, servers["web"].Headers["X-Theirs"]);
        Assert.Equal(["--token=" + foreign, foreign], servers["child"].Stdio!.Arguments);
        Assert.Equal(foreign, servers["child"].Stdio!.Environment["THEIRS"]);
        Assert.Equal(4, plan.Notes.Count(n => n.Contains("only the client knows", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_foreign_reference_in_an_address_is_no_reference_of_ours()
    {
        const string Foreign = """{ "mcpServers": { "a": { "url": "https://a.example/mcp?x=${file:/etc/hostname}" } } }""";

        var plan = Import.Plan(new(), McpServersJson.Read(Foreign, out _)!, replace: false, Nothing);

        Assert.Equal("${file:secrets/a-url}", plan.File.Servers["a"].Url!.Template);
        Assert.Equal("https://a.example/mcp?x=${file:/etc/hostname}", Assert.Single(plan.Secrets).Value);
    }

    [Fact]
    public void What_clients_mean_is_translated_and_what_is_lost_of_it_is_said()
    {
        const string Known = """{ "mcpServers": { "a": { "command": "${HOME}/bin/x", "cwd": "${workspaceFolder}", "env": { "ONE": "${env:A}-${B}", "TWO": "${C:-s3cret}", "THREE": "${input:the-id}", "FOUR": "the-id" } } } }""";

        var plan = Import.Plan(new(), McpServersJson.Read(Known, out _)!, replace: false, Nothing);

        var server = plan.File.Servers["a"];
        Assert.Equal(["${env:A}-${env:B}", "${env:C}", "${file:secrets/a-the-id}", "the-id"], ((string[])["ONE", "TWO", "THREE", "FOUR"]).Select(n => server.Env[n].Template));
        Assert.Equal(("${HOME}/bin/x", "${workspaceFolder}"), (server.Command, server.Cwd));
        Assert.All(["command of 'a'", "cwd of 'a'", "default of C was left out", "secrets/a-the-id has to be filled in"], note => Assert.Contains(plan.Notes, n => n.Contains(note, StringComparison.Ordinal)));
        Assert.DoesNotContain(plan.Notes, n => n.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public void What_is_exported_can_be_imported_again()
    {
        var config = ConfigReader.ReadText(Path.Combine(_folder.FullName, "mcpledger.yaml"), "servers: { a: { url: 'http://h/mcp' }, b: { command: x } }\nprincipals: { anonymous: loopback }").Config!;

        foreach (var client in Export.Clients)
        {
            var text = Export.Write(config, client, config.Gateway.Servers.Keys, """{ "theirs": 1, "mcpServers": { "other": { "url": "http://o/" } } }""");

            Assert.Equal(1, JsonNode.Parse(text)!["theirs"]!.GetValue<int>());
            var again = Import.Plan(new(), McpServersJson.Read(client == "vscode" ? text.Replace("\"mcpServers\"", "\"x\"", StringComparison.Ordinal) : text, out _)!, replace: false, Nothing);
            Assert.Contains("a", again.Imported);
            Assert.True(client == "claude-desktop" || again.File.Servers["a"].Url!.Template == "http://127.0.0.1:8377/s/a/mcp", client);
        }
    }

    private static string Commented(string plain, string commented) =>
        string.Join('\n', plain.Split('\n')) == string.Join('\n', commented.Split('\n').Where((l, i) => i == 0 || !l.StartsWith('#'))) ? commented : plain;
}
