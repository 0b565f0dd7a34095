using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Commands;

/// <summary><c>spool</c>: what a gateway that never comes back had recorded on its disk and Kafka has not.</summary>
internal static class SpoolCommand
{
    public static Command Create() => new("spool", "Events that wait on a machine's disk for Kafka.") { Ship() };

    private static Command Ship()
    {
        var folder = new Argument<string>("FOLDER") { Description = "Data folder of the gateway that is gone, or a copy of it." };
        var command = new Command("ship", "Ship what a lost gateway left to Kafka. What arrived before is found and not sent twice; it may be run again. Exit code 1 when something is left.") { folder };
        return command.RunsHere(async (parsed, terminal, cancellationToken) =>
        {
            var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Pipeline);
            if (read.Config is not { } config)
            {
                return Faults.Say(terminal, read);
            }

            if (config.File.Kafka is null)
            {
                terminal.Error("mcpledger: this configuration has no kafka section, and the embedded ledger has no spool.");
                return ExitCode.Usage;
            }

            return await ShipAsync(KafkaMapping.ToLedger(config, HostRoles.Gateway) with { Folder = Path.GetFullPath(parsed.GetValue(folder)!) }, terminal, cancellationToken);
        });
    }

    private static async Task<int> ShipAsync(KafkaLedgerOptions options, Terminal terminal, CancellationToken cancellationToken)
    {
        await using var services = new ServiceCollection().AddLogging(l => l.AddConsoleLines()).AddKafkaLedgerReader(options).BuildServiceProvider();
        try
        {
            var report = await new SpoolShipment(options, services.GetRequiredService<KafkaTelemetry>(), TimeProvider.System).RunAsync(cancellationToken);
            terminal.Document(report);
            terminal.Line($"{report.BlobsShipped} of {report.Blobs} blobs and {report.Shipped} of {report.Records} records of {report.Instance} were shipped{(report.Trouble is null ? "; nothing is left" : $"; stopped: {report.Trouble}")}");
            return report.Trouble is null ? ExitCode.Ok : ExitCode.Finding;
        }
        catch (IOException e)
        {
            terminal.Error($"mcpledger: {e.Message}");
            return ExitCode.Unavailable;
        }
    }
}
