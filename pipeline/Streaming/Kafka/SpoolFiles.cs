using System.Diagnostics.CodeAnalysis;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// The spool in a data folder, without a boot that writes to it: what cannot be read of it, and accepting that. Whoever opened it to write would be a boot of its own on the cluster.
/// </summary>
public sealed class SpoolFiles : IDisposable
{
    private readonly KafkaLedgerOptions _options;
    private readonly TimeProvider _time;
    private readonly LedgerTelemetry _telemetry;
    private readonly FolderLock? _taken;

    internal SpoolFiles(KafkaLedgerOptions options, LedgerTelemetry telemetry, TimeProvider time, FolderLock? taken) =>
        (_options, _telemetry, _time, _taken) = (options, telemetry, time, taken);

    private string Folder => Path.Combine(_options.Folder, KafkaLedger.FolderName);

    /// <summary>Takes the spool of a folder whose process does not run.</summary>
    /// <param name="options">The ledger's; the folder is that of the process.</param>
    /// <param name="telemetry">Where it is told.</param>
    /// <param name="time">The clock.</param>
    /// <returns>Null when the folder holds none.</returns>
    /// <exception cref="IOException">Its process runs, or the disk refuses.</exception>
    [SuppressMessage("Reliability", "CA2000:Dispose objects before losing scope", Justification = "The lock belongs to what is returned.")]
    public static SpoolFiles? Take(KafkaLedgerOptions options, LedgerTelemetry telemetry, TimeProvider time)
    {
        var folder = Path.Combine(options.Folder, KafkaLedger.FolderName);
        return !AreIn(options.Folder) ? null
            : FolderLock.TryTake(folder, out var holder) is { } taken ? new(options, telemetry, time, taken)
            : throw new IOException($"the ledger is locked by process {holder}");
    }

    /// <summary>Whether a data folder holds a spool.</summary>
    public static bool AreIn(string dataFolder) => Directory.Exists(Path.Combine(dataFolder, KafkaLedger.FolderName, Spool.FolderName));

    /// <summary>Finds what cannot be read of the spool of a data folder and was not accepted, and leaves it as it is. Its offsets are the spool's own, and its partition's name says nothing.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public static IReadOnlyList<DamagedStretch> FindDamageIn(string dataFolder, CancellationToken cancellationToken) =>
        Spool.LogOf(Path.Combine(dataFolder, KafkaLedger.FolderName)).FindDamageBeside(cancellationToken);

    /// <summary>Finds what cannot be read and was not accepted, as <see cref="FindDamageIn"/> does.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IReadOnlyList<DamagedStretch> FindDamage(CancellationToken cancellationToken) => FindDamageIn(_options.Folder, cancellationToken);

    /// <summary>Lets shipping step over a stretch from now on. What stood there is lost: the sealer names the gap that it leaves.</summary>
    /// <exception cref="IOException">The disk refuses.</exception>
    public void AcceptDamage(DamagedStretch stretch)
    {
        var log = Spool.LogOf(Folder);
        Spool.EndDamage(log, Spool.OptionsOf(Folder, _options), _time, _telemetry);
        log.Accepted.Accept(stretch);
    }

    /// <inheritdoc/>
    public void Dispose() => _taken?.Dispose();
}
