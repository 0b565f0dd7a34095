using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Configuration;
using McpLedger.Host.Doors;
using McpLedger.Host.Running;
using McpLedger.Stages.Retention;
using McpLedger.Streaming.Embedded;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Commands;

/// <summary><c>retention</c>: what is kept, and dropping what need not be.</summary>
internal static class RetentionCommand
{
    public static Command Create() => new("retention", "What the ledger keeps, and dropping what the configuration says need not be kept.") { Show(), Apply() };

    private static Command Show() => new Command("show", "List the segments of each partition.").RunsHere((parsed, terminal, _) =>
    {
        if (DataFolder.Named(parsed) is null && ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.None).File?.Kafka is not null)
        {
            terminal.Error("mcpledger: this ledger is in Kafka, which shows no segments. The pipeline role drops its records by ledger.retention of the configuration; kafka-get-offsets.sh says where a topic begins.");
            return Task.FromResult(ExitCode.Usage);
        }

        var folder = DataFolder.Of(parsed);
        if (!EmbeddedLedgerFiles.AreIn(folder))
        {
            return Task.FromResult(RecordedLedger.NoneIn(folder, terminal));
        }

        var files = EmbeddedLedgerFiles.OpenReadOnly(folder, TimeProvider.System);
        var segments = files.Partitions.SelectMany(files.ListSegments).ToArray();
        terminal.Document(segments.Select(s => new { Partition = s.Partition.ToString(), s.FirstOffset, s.LastOffset, s.Bytes, s.FirstTime, s.LastTime, s.Open }));
        terminal.Table(["partition", "first", "last", "bytes", "from", "to", ""], segments.Select(s => (IReadOnlyList<string?>)
            [s.Partition.ToString(), $"{s.FirstOffset}", $"{s.LastOffset}", $"{s.Bytes}", Time(s.FirstTime), Time(s.LastTime), s.Open ? "open" : ""]));
        return Task.FromResult(ExitCode.Ok);
    });

    private static Command Apply() => new Command("apply", "Apply the retention of the configuration once. Only sealed segments go, and each is announced first.").RunsHere(async (parsed, terminal, cancellationToken) =>
    {
        var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Pipeline);
        if (read.Config is not { } written)
        {
            return Faults.Say(terminal, read);
        }

        var config = DataFolder.Into(written, parsed);
        using var live = LiveDoor.Find(config.DataFolder);
        if (live is not null)
        {
            terminal.Document(new Outcome(false, true, Scalars.Write(config.File.Ledger.Retention.Interval), null));
            terminal.Line($"the running instance applies it by itself, every {Scalars.Write(config.File.Ledger.Retention.Interval)}");
            return ExitCode.Ok;
        }

        if (config.File.Kafka is null && !EmbeddedLedgerFiles.AreIn(config.DataFolder))
        {
            return RecordedLedger.NoneIn(config.DataFolder, terminal);
        }

        // What runs in another container on the same volume is seen by its lock alone.
        var shipping = Path.Combine(config.DataFolder, KafkaLedger.FolderName);
        string? holder = null;
        using var held = config.File.Kafka is not null && Directory.Exists(shipping) ? FolderLock.TryTake(shipping, out holder) : null;
        if (holder is not null)
        {
            terminal.Error($"mcpledger: the ledger is locked by process {holder}, which applies retention by itself. Fix: stop it first, or leave it to it");
            return ExitCode.Unavailable;
        }

        await using var room = LedgerRoom.OpenForVerb(config);
        if (room.Refusal is { } refusal)
        {
            terminal.Error($"mcpledger: {refusal}");
            return ExitCode.Unavailable;
        }

        // Nothing is sealed while no instance runs.
        var options = PipelineRole.RetentionOf(config, room.Ledger.Identity.SourceOf("retention")) with { OnceSealed = false };
        var report = await new RetentionRun(room.Ledger, options, static (_, _) => new(0), TimeProvider.System).RunAsync(cancellationToken);
        terminal.Document(new Outcome(report.Refused is null, false, Scalars.Write(config.File.Ledger.Retention.Interval), report));
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"dropped {report.Segments} segments and {report.Blobs} blobs, {report.Bytes} bytes{(report.Refused is null ? "" : $"; stopped early: {report.Refused}")}"));
        if (report.Segments > 0)
        {
            terminal.Line("verification calls the records missing until an instance has run and sealed what was said about them");
            terminal.Line("the read models still count what was dropped; 'mcpledger rebuild' makes them forget it now, a running instance does so by itself");
        }

        return report.Refused is null ? ExitCode.Ok : ExitCode.Finding;
    });

    private static string? Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    /// <summary>What came of applying it.</summary>
    /// <param name="Applied">Whether it was applied now, to the end.</param>
    /// <param name="Running">Whether an instance runs, which applies it by itself.</param>
    /// <param name="Interval">How often an instance does.</param>
    /// <param name="Report">What went; null where nothing was done here.</param>
    private sealed record Outcome(bool Applied, bool Running, string Interval, RetentionReport? Report);
}
