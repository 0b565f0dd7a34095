using System.CommandLine;
using System.Globalization;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Stages.Verification;
using McpLedger.Streaming.Embedded;
using Spectre.Console;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Host.Commands;

/// <summary><c>verify</c>: checks a ledger, a part of it, or a proof, offline, believing public keys and nothing else.</summary>
internal static class VerifyCommand
{
    public static Command Create()
    {
        var what = new Argument<string?>("what")
        {
            Description = "A ledger's folder or a copy of it; an event's id; offsets such as calls-0:100-200; or a .tlog-proof file. Default: the whole ledger, in its folder or in Kafka.",
            DefaultValueFactory = _ => null,
        };
        var key = new Option<string[]>("--key", "-k") { Description = "A public key to believe (a vkey), or a file of them; may be given more than once." };
        var kept = new Option<string[]>("--kept") { Description = "A checkpoint that you kept: the ledger must go on from it. May be given more than once." };
        var record = new Option<string?>("--record") { Description = "With a proof: the event's stored bytes, which must be what the proof's leaf commits to." };
        var command = new Command("verify", "Verify offline: record bytes, chains, tree, signatures and blobs. Exit code 1 when anything is not what was signed.") { what, key, kept, record };
        return command.Runs(async (parsed, terminal, cancellationToken) =>
        {
            var (keys, fault) = TrustedKeys.Read(parsed.GetValue(key) ?? []);
            var files = (parsed.GetValue(kept) ?? []).Append(parsed.GetValue(record)).OfType<string>();
            fault ??= files.FirstOrDefault(f => !File.Exists(f)) is { } missing ? $"there is no file '{missing}'." : null;
            if (fault is not null)
            {
                terminal.Error($"mcpledger: {fault}");
                return ExitCode.Usage;
            }

            var subject = parsed.GetValue(what);
            if (Unheeded(subject, parsed.GetValue(record), parsed.GetValue(kept) ?? []) is { } unheeded)
            {
                terminal.Error($"mcpledger: {unheeded}");
                return ExitCode.Usage;
            }

            if (subject is not null && File.Exists(subject))
            {
                CommonOptions.RefuseApi(parsed);
                return ProofCheck.Run(terminal, subject, parsed.GetValue(record), keys);
            }

            if (subject is not null && !Directory.Exists(subject) && !EventId.TryParse(subject, out _) && !TryReadOffsets(subject, out _, out _, out _))
            {
                terminal.Error($"mcpledger: '{subject}' is no folder, no file, no event's id (a UUID) and no offsets (calls-0:100-200).");
                return ExitCode.Usage;
            }

            var folder = subject is not null && Directory.Exists(subject) ? Path.GetFullPath(subject) : DataFolder.Of(parsed);
            var request = new VerificationRequest { Folder = folder, Trusted = keys, Kept = [.. (parsed.GetValue(kept) ?? []).Select(f => (ReadOnlyMemory<byte>)File.ReadAllBytes(f))] };
            var part = Directory.Exists(subject) ? null : subject;
            var read = Directory.Exists(subject) ? null : InKafka(parsed);
            if (read is { Config: null } && parsed.GetValue(CommonOptions.Data) is null)
            {
                return Faults.Say(terminal, read);
            }

            if (read?.Config is null)
            {
                CommonOptions.RefuseApi(parsed);
            }

            return read?.Config is { } config
                ? await KafkaVerification.RunAsync(parsed, config, terminal, request, r => Verify(terminal, r, part, cancellationToken), cancellationToken)
                : Verify(terminal, request, part, cancellationToken);
        });
    }

    // Whoever names something to check believes afterwards that it was.
    private static string? Unheeded(string? subject, string? record, string[] kept) => (subject is not null && File.Exists(subject), record, kept) switch
    {
        (false, not null, _) => "--record is checked against a proof only. Fix: name the .tlog-proof file, or leave --record out: records are read from the ledger.",
        (true, _, [_, ..]) => "--kept is checked against a ledger only; a proof bears its own checkpoint. Fix: name the ledger's folder, or leave --kept out.",
        _ => null,
    };

    // A file that cannot be read may say so.
    private static ConfigRead? InKafka(ParseResult parsed) =>
        ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Pipeline) is var read && (read.IsUnread || read.File?.Kafka is not null) ? read : null;

    private static int Verify(Terminal terminal, VerificationRequest request, string? part, CancellationToken cancellationToken)
    {
        if (request.Records is null && !EmbeddedLedgerFiles.AreIn(request.Folder))
        {
            terminal.Error($"mcpledger: there is no ledger in {request.Folder}. Fix: name its folder, or a copy's.");
            return ExitCode.Unavailable;
        }

        var verification = new LedgerVerification(request, TimeProvider.System);
        if (part is null)
        {
            return Show(terminal, request.Folder, WithProgress(terminal, progress => verification.VerifyAll(progress, cancellationToken)));
        }

        if (EventId.TryParse(part, out var id))
        {
            return Show(terminal, request.Folder, verification.VerifyEvent(id, cancellationToken));
        }

        _ = TryReadOffsets(part, out var partition, out var first, out var last);
        return Show(terminal, request.Folder, verification.VerifyOffsets(partition, first, last, cancellationToken));
    }

    private static bool TryReadOffsets(string text, out LedgerPartition partition, out long first, out long last)
    {
        (partition, first, last) = (default, 0, 0);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var dash = text.LastIndexOf('-');
        return colon > 0 && dash > colon
            && LedgerPartition.TryParse(text.AsSpan(0, colon), out partition)
            && long.TryParse(text.AsSpan(colon + 1, dash - colon - 1), NumberStyles.None, CultureInfo.InvariantCulture, out first)
            && long.TryParse(text.AsSpan(dash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out last)
            && first <= last;
    }

    private static VerificationReport WithProgress(Terminal terminal, Func<IProgress<VerificationProgress>, VerificationReport> verify) =>
        !terminal.IsInteractive
            ? verify(new Unheard())
            : terminal.Console.Progress().AutoClear(true).Start(context =>
            {
                var bar = context.AddTask("verifying");
                return verify(new Bar(bar));
            });

    internal static int Show(Terminal terminal, string folder, VerificationReport report)
    {
        terminal.Document(new
        {
            Folder = folder,
            Sound = report.IsSound,
            Findings = report.Findings.Select(f => new
            {
                f.Check, Severity = Word(f.Severity), Partition = f.Partition.ToString(), f.Offset, Event = f.Event?.ToString(), f.Leaf, f.Count, f.Expected, f.Found,
            }),
            Partitions = report.Partitions.Select(p => new
            {
                Partition = p.Partition.ToString(), p.Checkpoint?.Origin, p.Checkpoint?.Size, Root = p.Checkpoint?.Root.ToString(), p.Records, p.Bytes, p.Dropped, p.Unsealed, p.Blobs,
            }),
            Seconds = report.Elapsed.TotalSeconds,
        });
        terminal.Table(["partition", "sealed", "records", "bytes", "unsealed", "dropped", "blobs", "origin"], report.Partitions.Select(p => (IReadOnlyList<string?>)
            [p.Partition.ToString(), $"{p.Checkpoint?.Size}", $"{p.Records}", $"{p.Bytes}", $"{p.Unsealed}", $"{p.Dropped}", $"{p.Blobs}", p.Checkpoint?.Origin]));
        foreach (var finding in report.Findings)
        {
            terminal.Line(Terminal.OneLine($"{Word(finding.Severity)}: {finding.Check} in {finding.Partition}"
                + (finding.Event is { } id ? $", event {id}" : "") + (finding.Offset is { } offset ? $", offset {offset}" : "") + (finding.Leaf is { } leaf ? $", leaf {leaf}" : "")
                + (finding.Expected is { } expected ? $"; expected {expected}" : "") + (finding.Found is { } found ? $"; found {found}" : "")));
        }

        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{(report.IsSound ? "VERIFIED" : "NOT WHAT WAS SIGNED")} in {report.Elapsed.TotalSeconds:0.00} s, {report.RecordsPerSecond:0} records/s"));
        return report.IsSound ? ExitCode.Ok : ExitCode.Finding;
    }

    private static string Word(VerificationSeverity severity) => severity == VerificationSeverity.Broken ? "BROKEN" : "fact";

    private sealed class Unheard : IProgress<VerificationProgress>
    {
        public void Report(VerificationProgress value)
        {
        }
    }

    private sealed class Bar(ProgressTask task) : IProgress<VerificationProgress>
    {
        public void Report(VerificationProgress value) =>
            task.Description($"verifying {value.Partition}").MaxValue(Math.Max(value.Total, 1)).Value(value.Records);
    }
}
