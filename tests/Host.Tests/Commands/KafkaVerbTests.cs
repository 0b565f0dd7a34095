using System.Diagnostics;
using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Commands;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Testing.Kafka;
using McpLedger.Testing.Ledgers;
using Microsoft.AspNetCore.Routing;

namespace McpLedger.Host.Tests.Commands;

/// <summary>Verbs that open a folder of a ledger in Kafka while no instance has it open.</summary>
public sealed class KafkaVerbTests : IDisposable
{
    private const string NoBroker = "No local distribution of Kafka: no folder shared/servers/kafka lies beside the checkout.";
    private const string Nothing = "0000000000000000000000000000000000000000000000000000000000000000";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_verb_takes_the_name_of_a_process_elsewhere_from_it_in_no_folder()
    {
        Assert.SkipWhen(LocalKafka.Program is null, NoBroker);
        await using var kafka = await LocalKafka.StartAsync(1, folder: null, settings: "");
        var config = WriteConfig(kafka.Bootstrap);
        await using var live = TemporaryKafkaLedger.Open(OptionsIn("live", config) with { HeartbeatInterval = TimeSpan.FromMilliseconds(300) });
        await live.ReadyAsync();
        var left = Path.Combine(_folder.Path, "left");
        Directory.CreateDirectory(Path.Combine(left, "kafka", "spool"));
        string[][] lines = [["damage", "list"], ["damage", "accept", "spool", "0", "--sha256", Nothing, "--reason", "none"], ["retention", "apply"]];
        foreach (var line in lines)
        {
            var exit = await CommandTree.RunAsync([.. line, "--config", config, "--data", left]);
            Assert.Equal(line[1] == "accept" ? ExitCode.Finding : ExitCode.Ok, exit);
        }

        // Nobody else says anything by now: what comes are its heartbeats.
        var end = (await live.Ledger.BoundsAsync(LedgerPartition.Control, TestContext.Current.CancellationToken)).End;
        while (live.Ledger.Health.Status != LedgerStatus.Unavailable && (await live.Ledger.BoundsAsync(LedgerPartition.Control, TestContext.Current.CancellationToken)).End < end + 3)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        Assert.Equal((LedgerStatus.Ready, null), (live.Ledger.Health.Status, live.Ledger.Health.Reason));
        Assert.True((await live.AppendAsync("session-1", "", TestContext.Current.CancellationToken)).Appended.IsDurable);
        Assert.False(File.Exists(Path.Combine(left, "identity.json")));
    }

    [Fact]
    public async Task A_verb_writes_to_no_ledger_that_the_folder_is_not_of()
    {
        Assert.SkipWhen(LocalKafka.Program is null, NoBroker);
        await using var kafka = await LocalKafka.StartAsync(1, folder: null, settings: "");
        var config = WriteConfig(kafka.Bootstrap);
        var other = OptionsIn("other", config) with { TopicPrefix = "other." };
        await using (var ledger = TemporaryKafkaLedger.Open(other))
        {
            await ledger.ReadyAsync();
        }

        await using var foreign = TemporaryKafkaLedger.Open(OptionsIn("mine", config) with { HeartbeatInterval = TimeSpan.Zero });
        await foreign.ReadyAsync();
        var before = await foreign.Ledger.BoundsAsync(LedgerPartition.Control, TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Unavailable, await CommandTree.RunAsync(["damage", "accept", "spool", "0", "--sha256", Nothing, "--reason", "none", "--config", config, "--data", other.Folder]));
        Assert.Equal(before, await foreign.Ledger.BoundsAsync(LedgerPartition.Control, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Damage_of_a_spool_is_listed_without_a_cluster_and_changes_nothing()
    {
        var config = WriteConfig("127.0.0.1:1");
        var options = OptionsIn("data", config) with { AnswerTimeout = TimeSpan.FromSeconds(1) };
        await File.WriteAllTextAsync(
            Path.Combine(options.Folder, "identity.json"),
            $"{{\"ledger\":\"{Contracts.Events.EventId.New(TimeProvider.System)}\",\"instance\":\"g\",\"origin\":\"localhost/mcpledger/00000000\"}}",
            TestContext.Current.CancellationToken);
        await LeaveDamagedAsync(options);
        var before = Contents(options.Folder);

        var (exit, lines) = await ListAsync(config, options.Folder);

        Assert.Equal(ExitCode.Finding, exit);
        Assert.Equal(2, lines.Count);
        Assert.All(lines, static l => Assert.Equal("spool", l.Partition));
        Assert.Equal(before, Contents(options.Folder));
    }

    [Fact]
    public async Task Damage_of_a_spool_whose_process_does_not_run_is_accepted_and_the_rest_is_shipped_by_hand()
    {
        Assert.SkipWhen(LocalKafka.Program is null, NoBroker);
        await using var kafka = await LocalKafka.StartAsync(1, folder: null, settings: "");
        var config = WriteConfig(kafka.Bootstrap);
        var options = OptionsIn("data", config) with { AnswerTimeout = TimeSpan.FromSeconds(2) };
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
            await ledger.SettledAsync();
        }

        await LeaveDamagedAsync(options with { Bootstrap = "127.0.0.1:1" });
        var identity = await File.ReadAllTextAsync(Path.Combine(options.Folder, "identity.json"), TestContext.Current.CancellationToken);
        Assert.Equal(ExitCode.Finding, await CommandTree.RunAsync(["spool", "ship", options.Folder, "--config", config]));

        foreach (var line in (await ListAsync(config, options.Folder)).Lines)
        {
            Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(
                ["damage", "accept", line.Partition, $"{line.Offset}", "--sha256", line.Sha256, "--reason", "a bit flipped", "--config", config, "--data", options.Folder]));
        }

        var (exit, left) = await ListAsync(config, options.Folder);
        Assert.Equal((ExitCode.Ok, 0), (exit, left.Count));
        Assert.Equal(ExitCode.Ok, await CommandTree.RunAsync(["spool", "ship", options.Folder, "--config", config]));
        Assert.Equal(identity, await File.ReadAllTextAsync(Path.Combine(options.Folder, "identity.json"), TestContext.Current.CancellationToken));
        await using var reader = TemporaryKafkaLedger.Open(options with { Folder = Path.Combine(_folder.Path, "reader"), Instance = "reader" });
        Assert.Equal(["before", "behind"], (await EventsAsync(reader, LedgerPartition.Calls)).OfType<AccessGranted>().Select(static a => a.Detail));
        Assert.Equal(2, (await EventsAsync(reader, LedgerPartition.Control)).OfType<DamageAccepted>().Count(static a => a.Partition == "spool"));
    }

    [Fact]
    public async Task A_gateway_whose_calls_now_go_past_the_disk_opens_once_left_blobs_and_calls_are_shipped()
    {
        Assert.SkipWhen(LocalKafka.Program is null, NoBroker);
        await using var kafka = await LocalKafka.StartAsync(1, folder: null, settings: "");
        var config = WriteConfig(kafka.Bootstrap);
        var options = OptionsIn("data", config) with { AnswerTimeout = TimeSpan.FromSeconds(2) };
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            await ledger.ReadyAsync();
            await ledger.SettledAsync();
        }

        await LeaveCallAsync(options with { Bootstrap = "127.0.0.1:1" });
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config, TestContext.Current.CancellationToken)).Replace("ledger: {", "ledger: { durable: quorum,", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await using var room = LedgerRoom.Open(ConfigReader.Read(config).Config!, HostRoles.Gateway);
        Assert.Null(await room.OpenedAsync(TimeSpan.FromSeconds(60), TimeProvider.System, TestContext.Current.CancellationToken));
        Assert.Empty(Directory.EnumerateFiles(Path.Combine(options.Folder, "kafka", "unshipped")));
    }

    [Theory]
    [InlineData("gateway")]
    [InlineData("pipeline")]
    [InlineData("all")]
    public async Task Whoever_may_hold_damaged_files_can_be_asked_about_them(string role)
    {
        var path = Path.Combine(_folder.Path, "mcpledger.yaml");
        await File.WriteAllTextAsync(path, "ledger: { data: data }\nlisten: { url: 'http://127.0.0.1:0' }\nrules: [{ id: all, allow: {} }]\n", TestContext.Current.CancellationToken);
        var config = ConfigReader.Read(path).Config!;
        await using var room = LedgerRoom.Open(config, HostRoles.All);
        await using var app = UpHost.Build(config, room, HostRoleNames.Of(role), null);
        var routes = ((IEndpointRouteBuilder)app).DataSources.SelectMany(static s => s.Endpoints).OfType<RouteEndpoint>().Select(static e => e.RoutePattern.RawText?.TrimEnd('/'));
        Assert.Single(routes, "/api/v1/damage");
    }

    private static async Task<IEnumerable<EventData?>> EventsAsync(TemporaryKafkaLedger ledger, LedgerPartition partition) =>
        (await TemporaryLedger.ReadAllAsync(ledger.Ledger, partition, 0)).Select(static r => EventReader.TryRead(r.Bytes.Span, out var read, out _) ? read!.Data : null);

    private static string[] Contents(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(static f => $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];

    private static async Task<(int Exit, IReadOnlyList<DamageLine> Lines)> ListAsync(string config, string data)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "mcpledger.dll"), "damage", "list", "--json", "--config", config, "--data", data]) { RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, JsonSerializer.Deserialize<DamageLine[]>(said, Terminal.JsonForm)!);
    }

    private string WriteConfig(string bootstrap)
    {
        var path = Path.Combine(_folder.Path, "mcpledger.yaml");
        File.WriteAllText(path, $"instance: g\nledger: {{ data: ./data, retention: {{ age: 30d }} }}\nkafka: {{ bootstrap: ['{bootstrap}'], partitions: 1, replication: 1, minInSync: 1 }}\nrules: [{{ id: all, allow: {{}} }}]\n");
        return path;
    }

    private KafkaLedgerOptions OptionsIn(string folder, string config)
    {
        var read = ConfigReader.Read(config);
        Assert.Empty(read.Faults);
        var path = Directory.CreateDirectory(Path.Combine(_folder.Path, folder)).FullName;
        return KafkaMapping.ToLedger(read.Config!, HostRoles.Gateway) with { Folder = path, HeartbeatInterval = TimeSpan.Zero };
    }

    /// <summary>Leaves a call on the disk without a cluster, and the blob that it names.</summary>
    private static async Task LeaveCallAsync(KafkaLedgerOptions options)
    {
        var bytes = new byte[100_000];
        var blob = Digest.Of(bytes);
        Assert.True(await new BlobFolder(options.Folder).TryPutAsync(blob, bytes, TestContext.Current.CancellationToken));
        var marks = Directory.CreateDirectory(Path.Combine(options.Folder, "kafka", "unshipped")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(marks, blob.ToString()), [], TestContext.Current.CancellationToken);
        await using var ledger = TemporaryKafkaLedger.Open(options);
        var named = new CallIntended
        {
            Call = Contracts.Events.EventId.New(TimeProvider.System),
            Who = new() { Principal = "ada", Kind = "user", Authentication = "none" },
            What = new() { Server = "demo", Kind = "request", Method = "tools/call" },
            Request = new() { Size = bytes.Length, Sha256 = blob, Blob = $"sha256/{blob.ToString()[..2]}/{blob}" },
            Where = new() { Session = new("session-1", "protocol"), Monotonic = 0 },
            Decision = new() { Verdict = Verdict.Forwarded },
        };
        using var draft = EventDraft.Write(named.Call, "/test/test/1", TimeProvider.System.GetUtcNow(), null, LedgerLog.Calls, "session-1", named);
        Assert.True((await ledger.Ledger.AppendAsync(draft, TestContext.Current.CancellationToken)).IsDurable);
    }

    /// <summary>Leaves calls on the disk without a cluster, and flips a bit of one.</summary>
    private static async Task LeaveDamagedAsync(KafkaLedgerOptions options)
    {
        await using (var ledger = TemporaryKafkaLedger.Open(options))
        {
            foreach (var detail in (string[])["before", "needle", "behind"])
            {
                Assert.True((await ledger.AppendAsync("session-1", detail, TestContext.Current.CancellationToken)).Appended.IsDurable);
            }
        }

        var segment = Directory.EnumerateFiles(Path.Combine(options.Folder, "kafka", "spool"), "*.seg").Single();
        var bytes = await File.ReadAllBytesAsync(segment, TestContext.Current.CancellationToken);
        bytes[bytes.AsSpan().IndexOf("needle"u8)] ^= 1;
        await File.WriteAllBytesAsync(segment, bytes, TestContext.Current.CancellationToken);
    }
}
