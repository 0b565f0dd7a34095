using System.Globalization;
using Confluent.Kafka;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming.Blobs;

namespace McpLedger.Streaming.Kafka;

/// <summary>Ships blobs that wait on this disk, in pieces on the blobs topic, as far as the ledger permits it.</summary>
internal sealed class BlobShipper(KafkaLedgerOptions options, UnshippedBlobs unshipped, KafkaTelemetry telemetry, TimeProvider time) : IAsyncDisposable
{
    // Each has a blob in memory, of which one piece is under way.
    private const int AtATime = 8;

    private readonly BlobFolder _folder = new(options.Folder);
    private readonly TopicNames _topics = new(options.TopicPrefix);
    private readonly RenewedProducer _producer = new(new(options, telemetry), KafkaTopics.LongestPiece);

    /// <summary>Ships what waits and what comes, until cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) => Task.WhenAll(Enumerable.Range(0, AtATime).Select(_ => Task.Run(() => WorkAsync(cancellationToken), CancellationToken.None)));

    /// <summary>Ships what waits now.</summary>
    /// <param name="patience">Longest wait for a piece.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many the cluster has taken, and whether it takes no more.</returns>
    public async Task<(int Shipped, bool IsStopped)> RunToEndAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        var shipped = 0;
        foreach (var blob in unshipped.All)
        {
            switch (await TakeAsync(blob, patience, cancellationToken).ConfigureAwait(false))
            {
                case Shipment.Sent:
                    shipped++;
                    break;
                case Shipment.Unsent:
                    return (shipped, true);
            }
        }

        return (shipped, false);
    }

    public ValueTask DisposeAsync() => _producer.DisposeAsync();

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        var failures = 0;
        await foreach (var blob in unshipped.Queue.ReadAllAsync(cancellationToken).ConfigureAwait(false))
        {
            while (unshipped.Withheld is not null)
            {
                await Task.Delay(options.FirstRetryDelay, time, cancellationToken).ConfigureAwait(false);
            }

            switch (await TakeAsync(blob, Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(false))
            {
                case Shipment.Unsent:
                    // The others would fare no better.
                    await AgainAsync(blob, options.RetryDelay(failures++), cancellationToken).ConfigureAwait(false);
                    break;
                case Shipment.Unreadable:
                    // It holds no other up.
                    _ = AgainAsync(blob, options.LongestRetryDelay, cancellationToken);
                    break;
                case Shipment.Sent:
                    failures = 0;
                    break;
            }
        }
    }

    private async Task AgainAsync(Digest blob, TimeSpan after, CancellationToken cancellationToken)
    {
        await Task.Delay(after, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        unshipped.Again(blob);
    }

    private async Task<Shipment> TakeAsync(Digest blob, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!unshipped.TryTake(blob, out var version))
        {
            return Shipment.Absent;
        }

        try
        {
            return await ShipAsync(blob, version, patience, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            unshipped.Release(blob, version);
        }
    }

    private async Task<Shipment> ShipAsync(Digest blob, int version, TimeSpan patience, CancellationToken cancellationToken)
    {
        try
        {
            var there = await _folder.ReadAsync(blob, cancellationToken).ConfigureAwait(false);
            if (there is { } bytes && await SendAsync(blob, bytes, patience, cancellationToken).ConfigureAwait(false) is { } trouble)
            {
                telemetry.LogBlobUnsent(blob, trouble);
                unshipped.Failed(blob, $"blob {blob} is not in the cluster yet: {trouble}", isUnreadable: false);
                return Shipment.Unsent;
            }

            if (there is not null)
            {
                unshipped.Done(blob);
                return Shipment.Sent;
            }

            if (unshipped.Named.Contains(blob))
            {
                unshipped.Failed(blob, $"blob {blob} is not in the folder, and a record that waits names it. Fix: put the folder's blobs/ beside its kafka/", isUnreadable: true);
                return Shipment.Unreadable;
            }

            unshipped.Absent(blob, version);
            return Shipment.Absent;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            telemetry.BlobUnreadable(blob, e.Message);
            unshipped.Failed(blob, $"blob {blob} cannot be read to be sent: {e.Message}", isUnreadable: true);
            return Shipment.Unreadable;
        }
    }

    /// <returns>Why not all of it was acknowledged; null when it was.</returns>
    private async Task<string?> SendAsync(Digest blob, ReadOnlyMemory<byte> bytes, TimeSpan patience, CancellationToken cancellationToken)
    {
        var place = new TopicPartition(_topics.Blobs, PartitionChoice.Of(LedgerLog.Calls, blob.ToString(), options.Partitions).Number);
        var began = time.GetTimestamp();
        try
        {
            // All pieces of a blob go to one partition; each waits for the one before it, so that at most one is in memory twice.
            foreach (var chunk in BlobChunk.Of(blob, bytes))
            {
                if (unshipped.Withheld is { } withheld)
                {
                    return withheld;
                }

                await _producer.SendAsync(place, chunk.Write()).WaitAsync(patience, time, cancellationToken).ConfigureAwait(false);
                if (time.GetElapsedTime(began) > BlobAssembly.LongestSending / 2)
                {
                    return "its first piece was sent so long ago that whoever puts it together may have given it up";
                }
            }

            return null;
        }
        catch (KafkaException e)
        {
            return e.Error.Reason;
        }
        catch (TimeoutException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"the cluster acknowledged nothing for {patience.TotalSeconds:F0} s");
        }
    }

    private enum Shipment
    {
        /// <summary>Some piece of it is not in the cluster as far as is known.</summary>
        Unsent = 0,

        /// <summary>Its file cannot be read.</summary>
        Unreadable,

        /// <summary>It has no file, for its call was never answered; or somebody else is at it.</summary>
        Absent,

        /// <summary>The cluster has it.</summary>
        Sent,
    }
}
