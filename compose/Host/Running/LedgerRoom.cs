using McpLedger.Host.Configuration;
using McpLedger.Streaming;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Host.Running;

/// <summary>
/// The ledger, opened before anything else is built and closed after everything else is gone: what is composed around it needs its identity,
/// and nothing may outlive it that still writes.
/// </summary>
internal sealed class LedgerRoom : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private LedgerRoom(ServiceProvider services)
    {
        _services = services;
        Ledger = services.GetRequiredService<ILedger>();
    }

    public ILedger Ledger { get; }

    public static LedgerRoom Open(LoadedConfig config)
    {
        MakeFolder(config.DataFolder);
        var services = new ServiceCollection();
        services.AddLogging(l => l.AddConsoleLines()).AddMetrics().AddSingleton(TimeProvider.System).AddEmbeddedLedger(new EmbeddedLedgerOptions
        {
            Folder = config.DataFolder,
            Instance = config.File.Instance,
            OriginHost = config.File.Ledger.Origin ?? "localhost",
            Role = "gateway",
            Version = UpHost.Version,
            RecordMode = config.File.Ledger.Record,
            QuotaBytes = config.File.Ledger.Quota?.Bytes ?? 0,
        });
        return new(services.BuildServiceProvider());
    }

    /// <summary>What was said in calls lies in it: nobody else may look. The mode of a folder that is there already is its owner's business (doctor looks at it).</summary>
    private static void MakeFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    public ValueTask DisposeAsync() => _services.DisposeAsync();
}
