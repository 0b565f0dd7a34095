using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Blobs of a process whose ledger is in Kafka: durable on its own disk, then shipped in pieces on the blobs topic, once its ledger has seen that the topics are its own. With
/// <see cref="KafkaDurability.Quorum"/> a blob is stored once the in-sync replicas have it; with <see cref="KafkaDurability.Disk"/> once it is on the disk. Where nobody reads them
/// here (<see cref="KafkaLedgerOptions.KeepsBlobs"/>) its copy goes once the cluster has it; what this store did not put is not its own, and stays.
/// </summary>
public sealed class KafkaBlobStore : IBlobStore, IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);

    private readonly KafkaLedgerOptions _options;
    private readonly BlobFolder _folder;
    private readonly UnshippedBlobs _unshipped;
    private readonly TimeProvider _time;
    private readonly BlobShipper _shipper;
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _shipping;

    /// <summary>The store of a ledger's process; what an earlier boot did not ship is shipped first.</summary>
    public KafkaBlobStore(KafkaLedgerOptions options, KafkaLedger ledger, KafkaTelemetry telemetry, TimeProvider time)
        : this(options, ledger.Unshipped, telemetry, time)
    {
    }

    internal KafkaBlobStore(KafkaLedgerOptions options, UnshippedBlobs unshipped, KafkaTelemetry telemetry, TimeProvider time)
    {
        (_options, _folder, _unshipped, _time) = (options, new(options.Folder), unshipped, time);
        _shipper = new(options, unshipped, telemetry, time);
        _shipping = _shipper.RunAsync(_closing.Token);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryPutAsync(Digest sha256, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        var waits = _options.Durable == KafkaDurability.Quorum;
        if (!_unshipped.Takes(bytes.Length) || (waits && _unshipped.Withheld is not null))
        {
            return false;
        }

        // To its end, whoever stops waiting: a mark and its blob belong together.
        return await KeepAsync(sha256, bytes).WaitAsync(cancellationToken).ConfigureAwait(false) is { } shipped
            && (!waits || await shipped.WaitAsync(cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(Digest sha256, CancellationToken cancellationToken) => _folder.GetAsync(sha256, cancellationToken);

    /// <summary>Gives the cluster a while to take what waits. What it did not take keeps its mark, and is shipped by the next boot.</summary>
    public async ValueTask DisposeAsync()
    {
        var began = _time.GetTimestamp();
        while (_unshipped.Withheld is null && _unshipped.IsUnderWay && _time.GetElapsedTime(began) < KafkaLedger.StopBudget)
        {
            await Task.Delay(Look, _time).ConfigureAwait(false);
        }

        await _closing.CancelAsync().ConfigureAwait(false);
        await _shipping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _shipper.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
    }

    /// <returns>What ends when the cluster has it; null when it could not be kept.</returns>
    private async Task<Task<bool>?> KeepAsync(Digest sha256, ReadOnlyMemory<byte> bytes)
    {
        var isKept = false;
        Task<bool> shipped;
        try
        {
            _unshipped.Begin(sha256, bytes.Length);
            isKept = await _folder.TryPutAsync(sha256, bytes, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not kept.
        }
        finally
        {
            shipped = _unshipped.End(sha256, isKept);
        }

        return isKept ? shipped : null;
    }
}
