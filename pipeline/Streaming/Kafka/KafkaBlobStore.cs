using System.Threading.Channels;
using Confluent.Kafka;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Blobs of a process whose ledger is in Kafka: durable on its own disk, then shipped in pieces on the blobs topic. With <see cref="KafkaDurability.Quorum"/> a blob is
/// stored once the in-sync replicas have it; with <see cref="KafkaDurability.Disk"/> once it is on the disk. A mark says of a blob that this store put it and that it is still to be shipped.
/// Where nobody reads them here (<see cref="KafkaLedgerOptions.KeepsBlobs"/>) its copy goes once the cluster has it; what has no mark is not of this store, and stays.
/// </summary>
public sealed class KafkaBlobStore : IBlobStore, IAsyncDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int QuorumAttempts = 5;

    private readonly KafkaLedgerOptions _options;
    private readonly BlobFolder _folder;
    private readonly KafkaTelemetry _telemetry;
    private readonly TimeProvider _time;
    private readonly TopicNames _topics;
    private readonly string _unshipped;
    private readonly RenewedProducer _producer;
    private readonly Lock _gate = new();
    private readonly Dictionary<Digest, int> _puts = [];
    private readonly Channel<Digest> _waiting = Channel.CreateUnbounded<Digest>(new() { SingleReader = true });
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _shipping;

    /// <summary>A store; what an earlier boot did not ship is shipped first.</summary>
    public KafkaBlobStore(KafkaLedgerOptions options, KafkaTelemetry telemetry, TimeProvider time)
    {
        (_options, _telemetry, _time, _topics, _folder) = (options, telemetry, time, new(options.TopicPrefix), new(options.Folder));
        _unshipped = Path.Combine(options.Folder, KafkaLedger.FolderName, "unshipped");
        DurableFile.CreateFolder(_unshipped);
        foreach (var left in Directory.EnumerateFiles(_unshipped))
        {
            if (Digest.TryParse(Path.GetFileName(left), out var blob))
            {
                _waiting.Writer.TryWrite(blob);
            }
            else
            {
                // A mark that a crash kept from its name: its blob's call was never answered.
                TryRemove(left);
            }
        }

        _producer = new(new(options, telemetry), KafkaTopics.LongestPiece);
        _shipping = Task.Run(ShipAsync);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> TryPutAsync(Digest sha256, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        // One that an earlier boot has still to ship belongs to a call that was answered.
        var isOwed = File.Exists(MarkOf(sha256));
        Begin(sha256);
        try
        {
            if (!await TryKeepAsync(sha256, bytes, cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }
        finally
        {
            End(sha256);
        }

        if (_options.Durable == KafkaDurability.Disk)
        {
            return _waiting.Writer.TryWrite(sha256);
        }

        var isSent = false;
        try
        {
            return isSent = await SendPatientlyAsync(sha256, bytes.ToArray()).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            // The call of one that was not sent is never answered.
            if (isSent || !isOwed)
            {
                Forget(sha256);
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<ReadOnlyMemory<byte>?> GetAsync(Digest sha256, CancellationToken cancellationToken) => _folder.GetAsync(sha256, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _closing.CancelAsync().ConfigureAwait(false);
        await _shipping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _producer.DisposeAsync().ConfigureAwait(false);
        _closing.Dispose();
    }

    private async ValueTask<bool> TryKeepAsync(Digest sha256, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        try
        {
            // Before the blob: a crash between the two leaves a mark without one, which is only forgotten.
            if (_options.Durable == KafkaDurability.Disk)
            {
                DurableFile.Replace(MarkOf(sha256), [], Mode);
            }
            else if (!_options.KeepsBlobs)
            {
                // A crash of the machine may lose this one, and then a copy that nobody reads stays.
                await File.WriteAllBytesAsync(MarkOf(sha256), [], cancellationToken).ConfigureAwait(false);
            }

            return await _folder.TryPutAsync(sha256, bytes, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private string MarkOf(Digest blob) => Path.Combine(_unshipped, blob.ToString());

    private async Task ShipAsync()
    {
        await foreach (var blob in _waiting.Reader.ReadAllAsync(_closing.Token).ConfigureAwait(false))
        {
            if (await TryShipAsync(blob).ConfigureAwait(false))
            {
                Forget(blob);
                continue;
            }

            // Behind those that wait: one that stays unreadable holds no other up. Its mark stands for the next boot.
            _waiting.Writer.TryWrite(blob);
            await Task.Delay(_options.LongestRetryDelay, _time, _closing.Token).ConfigureAwait(false);
        }
    }

    /// <returns>Whether nothing is left to ship of it: the cluster has it, or there is no such blob.</returns>
    private async Task<bool> TryShipAsync(Digest blob)
    {
        try
        {
            return await _folder.ReadAsync(blob, _closing.Token).ConfigureAwait(false) is not { } bytes || await SendAsync(blob, bytes).WaitAsync(_closing.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _telemetry.LogBlobUnreadable(blob, e.Message);
            return false;
        }
    }

    // A topic that was made a moment ago is not known to every broker yet: not the time to refuse a call.
    private async Task<bool> SendPatientlyAsync(Digest blob, ReadOnlyMemory<byte> bytes)
    {
        for (var attempt = 0; attempt < QuorumAttempts; attempt++)
        {
            if (await SendAsync(blob, bytes).ConfigureAwait(false))
            {
                return true;
            }

            await Task.Delay(_options.FirstRetryDelay * (1 << attempt), _time).ConfigureAwait(false);
        }

        return false;
    }

    /// <returns>Whether every piece was acknowledged.</returns>
    private async Task<bool> SendAsync(Digest blob, ReadOnlyMemory<byte> bytes)
    {
        var place = new TopicPartition(_topics.Blobs, PartitionChoice.Of(LedgerLog.Calls, blob.ToString(), _options.Partitions).Number);
        try
        {
            // All pieces of a blob go to one partition; each waits for the one before it, so that at most one is in memory twice.
            foreach (var chunk in BlobChunk.Of(blob, bytes))
            {
                await _producer.SendAsync(place, chunk.Write()).ConfigureAwait(false);
            }

            return true;
        }
        catch (KafkaException e)
        {
            _telemetry.LogBlobUnsent(blob, e.Error.Reason);
            return false;
        }
    }

    private void Begin(Digest blob)
    {
        lock (_gate)
        {
            _puts[blob] = _puts.GetValueOrDefault(blob) + 1;
        }
    }

    private void End(Digest blob)
    {
        lock (_gate)
        {
            if (--_puts[blob] == 0)
            {
                _puts.Remove(blob);
            }
        }
    }

    /// <summary>The cluster has it. One that is being put again is left to that put, which may have looked already whether it stands.</summary>
    private void Forget(Digest blob)
    {
        lock (_gate)
        {
            if (_puts.ContainsKey(blob))
            {
                return;
            }

            if (!_options.KeepsBlobs)
            {
                TryRemove(_folder.PathOf(blob));
            }

            TryRemove(MarkOf(blob));
        }
    }

    private static void TryRemove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A mark is shipped once more by the next boot, and nobody minds; a copy goes then.
        }
    }
}
