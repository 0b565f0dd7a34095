using System.Collections.Immutable;
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
        return !Directory.Exists(Path.Combine(folder, Spool.FolderName)) ? null
            : FolderLock.TryTake(folder, out var holder) is { } taken ? new(options, telemetry, time, taken)
            : throw new IOException($"the ledger is locked by process {holder}");
    }

    /// <summary>Finds what cannot be read and was not accepted. Its offsets are the spool's own, and its partition's name says nothing.</summary>
    /// <exception cref="IOException">A file is not there or cannot be read.</exception>
    public IReadOnlyList<DamagedStretch> FindDamage(CancellationToken cancellationToken)
    {
        var log = Spool.LogOf(Folder);
        var recovered = PartitionRecovery.Recover(log);

        // Damage of the last segment ends where the next boot begins another.
        ImmutableArray<Segment> segments = recovered.Damage is null ? [.. recovered.Segments] : [.. recovered.Segments, new(Path.Combine(log.Folder, SegmentFormat.FileName(recovered.End)), recovered.End)];
        return new DamageSurvey(log.Partition, segments, recovered.End, recovered.Position, log.Accepted).Find(cancellationToken);
    }

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
