using System.CommandLine;
using McpLedger.Host.Configuration;
using McpLedger.Host.Output;
using McpLedger.Host.Running;
using McpLedger.Streaming;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Embedded;
using McpLedger.Streaming.Kafka;

namespace McpLedger.Host.Commands;

/// <summary>What was recorded, for a verb that reads all of it: in the ledger's folder, or in Kafka with the blobs of this machine's folder.</summary>
internal sealed class RecordedLedger : IAsyncDisposable
{
    private readonly ServiceProvider? _services;

    private RecordedLedger(ILedgerReader reader, string folder, ServiceProvider? services) => (Reader, Folder, Blobs, _services) = (reader, folder, new BlobFolder(folder), services);

    public ILedgerReader Reader { get; }

    /// <summary>The data folder.</summary>
    public string Folder { get; }

    public IBlobStore Blobs { get; }

    /// <summary>Opens it; null, with the reason told and its exit code, where there is none.</summary>
    public static RecordedLedger? Open(ParseResult parsed, Terminal terminal, out int code)
    {
        code = ExitCode.Ok;

        // The role that asks for Kafka's secrets and for nobody else's.
        var read = ConfigReader.Read(ConfigReader.PathOf(parsed.GetValue(CommonOptions.Config)), HostRoles.Pipeline);
        if ((read.IsUnread || read.File?.Kafka is not null) && DataFolder.Named(parsed) is null)
        {
            if (read.Config is not { } config)
            {
                code = Faults.Say(terminal, read);
                return null;
            }

            var services = InKafka(config, HostRoles.Projections);
            return new(services.GetRequiredService<KafkaLedgerReader>(), DataFolder.Of(parsed), services);
        }

        var folder = DataFolder.Of(parsed);
        if (EmbeddedLedgerFiles.AreIn(folder))
        {
            return new(EmbeddedLedgerFiles.OpenReadOnly(folder, TimeProvider.System), folder, null);
        }

        code = NoneIn(folder, terminal);
        return null;
    }

    /// <summary>That a folder holds no ledger, in words.</summary>
    public static string NoneIn(string folder) => $"there is no ledger in {folder}. Fix: name its folder with --data, or with --config a configuration that says where it is.";

    /// <summary>Tells that a folder holds no ledger.</summary>
    public static int NoneIn(string folder, Terminal terminal)
    {
        terminal.Error($"mcpledger: {NoneIn(folder)}");
        return ExitCode.Unavailable;
    }

    /// <summary>What reads a ledger in Kafka and says nothing but what is wrong.</summary>
    public static ServiceProvider InKafka(LoadedConfig config, HostRoles role) => new ServiceCollection()
        .AddLogging(l => l.AddConsoleLines().SetMinimumLevel(LogLevel.Warning)).AddKafkaLedgerReader(KafkaMapping.ToLedger(config, role)).BuildServiceProvider();

    public ValueTask DisposeAsync() => _services?.DisposeAsync() ?? ValueTask.CompletedTask;
}
