using System.Text.Json;
using McpLedger.Contracts.Events;
using McpLedger.Host.Commands;
using McpLedger.Projections;
using McpLedger.Streaming.Embedded;
using McpLedger.Streaming.Parking;

namespace McpLedger.Host.Tests.Commands;

public sealed class ClosedReadModelsTests
{
    [Fact]
    public async Task A_rebuild_touches_nothing_while_another_process_has_the_ledger()
    {
        var folder = Directory.CreateTempSubdirectory("mcpl-closed-");
        var ledger = Directory.CreateDirectory(Path.Combine(folder.FullName, "ledger")).FullName;
        var views = Path.Combine(Directory.CreateDirectory(Path.Combine(folder.FullName, "readmodels")).FullName, "views-1.sqlite");
        await File.WriteAllTextAsync(views, "in use", TestContext.Current.CancellationToken);
        try
        {
            using var held = FolderLock.TryTake(ledger, out _);

            Assert.Equal(ExitCode.Unavailable, await CommandTree.RunAsync(["rebuild", "--data", folder.FullName]));
            Assert.Equal(["views-1.sqlite"], Directory.GetFiles(Path.GetDirectoryName(views)!).Select(Path.GetFileName));
            Assert.Equal("in use", await File.ReadAllTextAsync(views, TestContext.Current.CancellationToken));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Without_an_instance_only_what_the_read_models_then_hold_is_parked_no_more()
    {
        await using var ledger = await LiveLedger.StartAsync();
        await ledger.CallAsync("weigh");
        await ledger.RunUntilFoundAsync("type:call.completed.v1");
        await ledger.StopAsync();
        var lot = new ParkingFolder(ledger.Data, TimeProvider.System);
        var batch = await EmbeddedLedgerFiles.OpenReadOnly(ledger.Data, TimeProvider.System).ReadAsync(LedgerPartition.Calls, 0, 1 << 20, TestContext.Current.CancellationToken);
        await lot.ParkAsync(ProjectionExtensions.ConsumerName, batch.Records[0], "a version before could not read it", TestContext.Current.CancellationToken);
        await lot.ParkAsync(ProjectionExtensions.ConsumerName, new(LedgerPartition.Calls, 9_999, "{}"u8.ToArray()), "no event", TestContext.Current.CancellationToken);
        await lot.ParkAsync("detection", batch.Records[0], "a detector failed", TestContext.Current.CancellationToken);

        var (exitCode, output, errors) = await ledger.RunAsync("parked", "replay", "--json");

        Assert.True(exitCode == ExitCode.Finding, errors);
        using var report = JsonDocument.Parse(output);
        Assert.Equal((1, 2), (report.RootElement.GetProperty("replayed").GetInt32(), report.RootElement.GetProperty("kept").GetInt32()));
        var kept = await lot.ListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["detection", "projections"], kept.Select(p => p.Consumer).Order(StringComparer.Ordinal));
        Assert.Equal(9_999, kept.Single(p => p.Consumer == ProjectionExtensions.ConsumerName).Offset);
    }

    [Fact]
    public async Task Read_models_that_are_lost_come_back_from_the_log()
    {
        await using var ledger = await LiveLedger.StartAsync();
        await ledger.CallAsync("weigh");
        await ledger.RunUntilFoundAsync("type:call.completed.v1");
        await ledger.StopAsync();
        Directory.Delete(Path.Combine(ledger.Data, "readmodels"), recursive: true);

        var (exitCode, output, errors) = await ledger.RunAsync("rebuild", "--json");

        Assert.True(exitCode == ExitCode.Ok, errors);
        using var report = JsonDocument.Parse(output);
        Assert.NotEqual(0, report.RootElement.GetProperty("events").GetInt64());
        Assert.Equal(report.RootElement.GetProperty("events").GetInt64(), report.RootElement.GetProperty("added").GetInt64());
        Assert.Contains("\"event\":", (await ledger.RunAsync("search", "type:call.completed.v1", "--json")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_parked_on_a_cluster_is_left_to_an_instance()
    {
        var folder = Directory.CreateTempSubdirectory("mcpl-closed-");
        var config = Path.Combine(folder.FullName, "mcpledger.yaml");
        await File.WriteAllTextAsync(config, "instance: one\nkafka: { bootstrap: ['127.0.0.1:1'] }\nrules: [{ id: all, allow: {} }]\n", TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Unavailable, await CommandTree.RunAsync(["parked", "replay", "--config", config]));
        Assert.Equal(["mcpledger.yaml"], Directory.GetFileSystemEntries(folder.FullName).Select(Path.GetFileName));
        folder.Delete(recursive: true);
    }
}
