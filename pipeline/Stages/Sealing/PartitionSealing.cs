using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Stages.Sealing;

/// <summary>The loop of one partition: read, seal, sign, say; again from what is durable when the disk refused.</summary>
internal sealed class PartitionSealing(
    LedgerPartition partition, ILedgerReader reader, SealerVoice voice, SigningKeyStore keys, SealingOptions options, SealingTelemetry telemetry, SealingHealth health, TimeProvider time)
{
    private readonly SealFolder _tiles = new(options.Tiles, static _ => { });
    private readonly SealFolder _states = new(options.States, static _ => { });

    /// <summary>Ends when cancelled, or when another sealer has taken over.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                if (PartitionSealer.Open(partition, options.OriginPrefix, _tiles, _states, keys, out var refusal) is not { } sealer)
                {
                    telemetry.LogRefused(partition, refusal!);
                    health.Still(partition);
                    return;
                }

                telemetry.LogOpened(partition, sealer.Origin, sealer.Sealed, sealer.Generation);
                await SealAsync(sealer, cancellationToken).ConfigureAwait(false);
                telemetry.LogFenced(partition);
                telemetry.Forget(partition);
                health.Still(partition);
                return;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                telemetry.Failed(partition, e.Message);
                health.Still(partition);
            }

            await Task.Delay(options.Interval, time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task SealAsync(PartitionSealer sealer, CancellationToken cancellationToken)
    {
        var rotation = keys.NextRotation;
        var signedAt = sealer.IsSigned ? time.GetTimestamp() : (long?)null;
        var announced = (At: (long?)null, Size: -1L);
        while (true)
        {
            var batch = await reader.ReadAsync(partition, sealer.Next, options.ReadBytes, cancellationToken).ConfigureAwait(false);
            sealer.Accept(batch.Records);
            batch.GiveBack();
            if (batch.Damage is { } damage)
            {
                sealer.Damaged(damage);
                health.Still(partition);
            }
            else
            {
                sealer.Pass(batch.Next);
                health.Goes(partition);
            }

            var since = Since(signedAt);
            var idle = since >= options.IdleInterval;
            if (idle)
            {
                sealer.Settle();
            }

            // What was signed last is announced too, though nothing comes after it; where the log did not take that, with the next checkpoint.
            var (isUnsaid, sinceAnnounced) = (Announces && announced.Size != sealer.Sealed, Since(announced.At));
            var isNews = sealer.HasNews || (isUnsaid && sinceAnnounced >= options.IdleInterval);
            if (idle || rotation.IsCompleted || sealer.Pending >= options.MaxLeaves || (isNews && since >= options.Interval))
            {
                // Taken before it signs: a key that is replaced meanwhile asks for another one.
                var rotated = rotation.IsCompleted;
                rotation = keys.NextRotation;
                if (await CommitAsync(sealer, rotated || sinceAnnounced >= options.IdleInterval, cancellationToken).ConfigureAwait(false) is not { } said)
                {
                    return;
                }

                signedAt = time.GetTimestamp();
                announced = said ? (signedAt, sealer.Sealed) : announced;
            }
            else if (batch.Damage is not null || sealer.Next >= (await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false)).End)
            {
                // Only at the end: resting with records left would bound sealing to a read or two an interval.
                var due = isNews ? options.Interval - since : options.IdleInterval - (isUnsaid ? sinceAnnounced : since);
                await RestAsync(sealer, due, batch, rotation, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    // The control log's own checkpoints are not announced on it: each would be a record that asks for the next one.
    private bool Announces => partition.Log == LedgerLog.Calls;

    private TimeSpan Since(long? timestamp) => timestamp is { } at ? time.GetElapsedTime(at) : TimeSpan.MaxValue;

    /// <summary>Signs, and tells the control log of faults, and of the checkpoint where that is due or there were faults.</summary>
    /// <returns>Whether the checkpoint was told; null when another sealer has taken over.</returns>
    private async ValueTask<bool?> CommitAsync(PartitionSealer sealer, bool announce, CancellationToken cancellationToken)
    {
        var leaves = sealer.Pending;
        if (sealer.Commit(await voice.ControlEndAsync(cancellationToken).ConfigureAwait(false)) is not { } checkpoint)
        {
            return null;
        }

        var bounds = await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false);
        telemetry.Signed(partition, checkpoint, leaves, Math.Max(0, bounds.End - sealer.Next));
        var (faults, from) = sealer.Unreported;
        if (faults.Count > 0)
        {
            if (!await voice.ReportAsync(partition, faults, from, cancellationToken).ConfigureAwait(false))
            {
                telemetry.Unsaid("chain fault", partition);
            }
            else if (sealer.TryReported())
            {
                telemetry.Reported(partition, faults);
            }
            else
            {
                return null;
            }
        }

        if (!Announces || !(announce || faults.Count > 0))
        {
            return false;
        }

        if (!await voice.SignedAsync(partition, checkpoint, sealer.Generation, cancellationToken).ConfigureAwait(false))
        {
            telemetry.Unsaid("checkpoint", partition);
            return false;
        }

        return true;
    }

    /// <summary>Waits for the next commit that is due, or, with nothing taken, for the next record or another signing key if that comes first.</summary>
    private async ValueTask RestAsync(PartitionSealer sealer, TimeSpan due, ReadBatch batch, Task rotation, CancellationToken cancellationToken)
    {
        due = due < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : due;
        if (sealer.HasNews || batch.Damage is not null)
        {
            await Task.Delay(due < options.Interval ? due : options.Interval, time, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var news = reader.WaitAsync(partition, sealer.Next, ended.Token).AsTask();
        await Task.WhenAny(news, rotation, Task.Delay(due, time, ended.Token)).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        await news.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
