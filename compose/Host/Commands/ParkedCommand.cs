using System.CommandLine;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doors;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Projections;
using McpLedger.Projections.Homes.Embedded;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Kafka;
using McpLedger.Streaming.Parking;

namespace McpLedger.Host.Commands;

/// <summary><c>parked</c>: records that a consumer could not handle. They are kept, with the reason, until they can be.</summary>
internal static class ParkedCommand
{
    public static Command Create() => new("parked", "Records that a consumer could not handle (I2).") { List(), Replay() };

    private static Command List() => new Command("list", "List them. Exit code 1 when there are any.").Runs(async (parsed, terminal, cancellationToken) =>
    {
        if (LiveDoor.Elsewhere(parsed) is null)
        {
            return await WithLotAsync(parsed, terminal, async lot => Show(terminal, [.. (await lot.ListAsync(cancellationToken)).Select(LineOf)]));
        }

        using var door = LiveDoor.Find(parsed)!;
        var (lines, fault, exitCode) = await door.SendAsync<IReadOnlyList<Line>>(HttpMethod.Get, "api/v1/projections/parked", null, cancellationToken);
        if (lines is not null)
        {
            return Show(terminal, lines);
        }

        terminal.Error($"mcpledger: {fault}");
        return exitCode;
    });

    private static Line LineOf(ParkedRecord parked) => new(parked.Consumer, parked.Partition.ToString(), parked.Offset, parked.Parked, parked.Sha256.ToString(), parked.Reason);

    private static int Show(Terminal terminal, IReadOnlyList<Line> parked)
    {
        terminal.Document(parked);
        terminal.Table(["consumer", "partition", "offset", "parked", "reason"], parked.Select(p => (IReadOnlyList<string?>)
            [p.Consumer, p.Partition, $"{p.Offset}", p.Parked.UtcDateTime.ToString("u", CultureInfo.InvariantCulture), p.Reason]));
        terminal.Line($"{parked.Count} parked");
        return parked.Count == 0 ? ExitCode.Ok : ExitCode.Finding;
    }

    private static Command Replay() => new Command("replay", "Fold parked records once more: those that this version can read take effect. Exit code 1 when some stay parked.").Runs(async (parsed, terminal, cancellationToken) =>
    {
        using var live = LiveDoor.Find(parsed);
        if (live is null)
        {
            return await ReplayClosedAsync(parsed, terminal, cancellationToken);
        }

        var (report, fault, exitCode) = await live.SendLongAsync<ReplayReport>(HttpMethod.Post, "api/v1/projections/parked/replay", null, cancellationToken);
        if (report is null)
        {
            terminal.Error($"mcpledger: {fault}");
            return exitCode;
        }

        return Show(terminal, report);
    });

    // Where nothing else folds, the rebuild folds them in their place; only what the read models then hold is forgotten.
    private static async Task<int> ReplayClosedAsync(ParseResult parsed, Terminal terminal, CancellationToken cancellationToken)
    {
        var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Projections);
        if (read.IsUnread && DataFolder.Named(parsed) is null)
        {
            return Faults.Say(terminal, read);
        }

        if (read.File is { } file && (file.Kafka ?? file.Postgres ?? (object?)file.Search) is not null)
        {
            terminal.Error("mcpledger: no instance answers, and with this configuration only one of the projections role hands parked records over. Fix: start it, or name the API's address with --api.");
            return ExitCode.Unavailable;
        }

        var folder = DataFolder.Of(parsed);
        var (report, fault, exitCode) = await ClosedReadModels.WithAsync(folder, (home, files) => ReplayAsync(new ParkingFolder(folder, TimeProvider.System), home, files, new BlobFolder(folder), cancellationToken));
        if (report is null)
        {
            terminal.Error($"mcpledger: {fault}");
            return exitCode;
        }

        return Show(terminal, report);
    }

    private static async Task<ReplayReport> ReplayAsync(ParkingFolder lot, ProjectionHome home, ILedgerReader reader, IBlobStore blobs, CancellationToken cancellationToken)
    {
        var all = await lot.ListAsync(cancellationToken);
        if (all.Any(IsOfReadModels))
        {
            await ProjectionRebuild.RunAsync(home, reader, blobs, lot, TimeProvider.System, cancellationToken);
        }

        var queries = home.Queries(reader, TimeProvider.System);
        var failures = new List<string>();
        foreach (var parked in all)
        {
            if (IsOfReadModels(parked)
                && EventReader.TryRead((await lot.TakeAsync(parked, cancellationToken)).Bytes.Span, out var read, out _)
                && await queries.EventAsync(read!.Header.Id, cancellationToken) is not null)
            {
                await lot.ForgetAsync(parked, cancellationToken);
                continue;
            }

            failures.Add($"{parked.Partition} offset {parked.Offset} of {parked.Consumer}: {(IsOfReadModels(parked) ? parked.Reason : "only a running instance hands it over")}");
        }

        return new(all.Count - failures.Count, failures.Count, failures);
    }

    private static bool IsOfReadModels(ParkedRecord parked) => parked.Consumer == ProjectionExtensions.ConsumerName;

    private static int Show(Terminal terminal, ReplayReport report)
    {
        terminal.Document(new { report.Replayed, report.Kept, report.Failures });
        foreach (var failure in report.Failures)
        {
            terminal.Line(Terminal.OneLine(failure));
        }

        terminal.Line($"{report.Replayed} replayed, {report.Kept} stay parked");
        return report.Kept == 0 ? ExitCode.Ok : ExitCode.Finding;
    }

    private static async Task<int> InFolderAsync(string folder, Terminal terminal, Func<IParkingLot, Task<int>> use)
    {
        if (!Directory.Exists(folder))
        {
            terminal.Error($"mcpledger: there is no folder {folder}. Fix: name the ledger's folder with --data, or with --config a configuration that says where it is.");
            return ExitCode.Unavailable;
        }

        return await use(new ParkingFolder(folder, TimeProvider.System));
    }

    /// <summary>Lends what is parked: on the topic where the configuration names a cluster, else in the data folder.</summary>
    private static async Task<int> WithLotAsync(ParseResult parsed, Terminal terminal, Func<IParkingLot, Task<int>> use)
    {
        try
        {
            var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
            var read = ConfigReader.Read(path, HostRoles.Projections);
            if (DataFolder.Named(parsed) is not null || (!read.IsUnread && read.File?.Kafka is null))
            {
                return await InFolderAsync(DataFolder.Of(parsed), terminal, use);
            }

            if (read.Config is not { } config)
            {
                return Faults.Say(terminal, read);
            }

            var options = KafkaMapping.ToLedger(config, HostRoles.Projections);
            await using var services = new ServiceCollection().AddLogging(l => l.AddConsoleLines()).AddKafkaLedgerReader(options).BuildServiceProvider();
            await using var topic = new ParkingTopic(options, services.GetRequiredService<KafkaTelemetry>(), TimeProvider.System);
            return await use(topic);
        }
        catch (IOException e)
        {
            terminal.Error($"mcpledger: {e.Message}");
            return ExitCode.Unavailable;
        }
    }

    /// <summary>A parked record, as the API says it.</summary>
    private sealed record Line(string Consumer, string Partition, long Offset, DateTimeOffset Parked, string Sha256, string Reason);
}
