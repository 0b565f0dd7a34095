using System.CommandLine;
using System.Globalization;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Stages.Detection;

namespace McpLedger.Host.Commands;

/// <summary><c>detectors rescore</c>: what another model would have found in what was recorded.</summary>
internal static class RescoreCommand
{
    private const string Source = "/rescore";

    public static Command Create()
    {
        var since = CommonOptions.Time("--since", "Findings from this time on are compared, ISO 8601 or now-1h; UTC where no offset is written. Default: all that is kept.");
        var injection = new Option<string?>("--model") { Description = "The injection model's folder. Default: what the configuration says." };
        var behaviour = new Option<string?>("--behaviour") { Description = "The session model's folder. Default: what the configuration says." };
        var command = new Command("rescore", "Watch the recorded past once more with another model, and print what it would have found and what not. Reads the ledger, in its folder or in Kafka, and writes nothing.") { since, injection, behaviour };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            // Compared under settings that nobody wrote, every difference would be taken for the model's.
            var path = ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config));
            var read = ConfigReader.Read(path, HostRoles.Pipeline);
            if (read.Config is null && (read.File is not null || File.Exists(path)))
            {
                return Faults.Say(terminal, read);
            }

            await using var ledger = RecordedLedger.Open(parsed, terminal, out var code);
            if (ledger is null)
            {
                return code;
            }

            var options = read.Config is { } config ? DetectionMapping.ToOptions(DataFolder.Into(config, parsed), Source) : new() { Folder = ledger.Folder, Source = Source };
            options = options with { InjectionModel = parsed.GetValue(injection) ?? options.InjectionModel, BehaviourModel = parsed.GetValue(behaviour) ?? options.BehaviourModel };
            try
            {
                var report = await Rescoring.RunAsync(ledger.Reader, ledger.Blobs, options, parsed.GetValue(since) ?? DateTimeOffset.MinValue, cancellationToken);
                Show(terminal, report);
                return ExitCode.Ok;
            }
            catch (InvalidDataException e)
            {
                terminal.Error($"mcpledger: {e.Message}");
                return ExitCode.Usage;
            }
        });
    }

    private static void Show(Terminal terminal, RescoreReport report)
    {
        terminal.Document(report);
        terminal.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Events} events, {report.InjectionModel} {report.InjectionDigest?[..12]}, {report.BehaviourModel} {report.BehaviourDigest?[..12]}"));
        terminal.Table(
            ["rule", "severity", "then", "now", "gained", "missing"],
            report.Rows.Select(row => (IReadOnlyList<string?>)[row.Rule, row.Severity.ToString().ToLowerInvariant(), $"{row.Then}", $"{row.Now}", $"{row.Gained}", $"{row.Missing}"]));
        if (report.Found.Count > 0)
        {
            terminal.Line($"calls with something new: {string.Join(' ', report.Found)}");
        }

        if (report.Lost.Count > 0)
        {
            terminal.Line($"findings that are not found any more: {string.Join(' ', report.Lost)}");
        }
    }
}
