using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;

namespace McpLedger.Stages.Sealing;

/// <summary>All that a sealer can say: checkpoints, faults and rotated keys, on the control log. It has no way to write a call.</summary>
internal sealed class SealerVoice(ILedgerWriter writer, ILedgerReader reader, SealingOptions options, TimeProvider time)
{
    private const int ReadBytes = 1024 * 1024;

    public ValueTask<bool> SignedAsync(LedgerPartition partition, Checkpoint checkpoint, long generation, CancellationToken cancellationToken) =>
        WriteAsync(partition.ToString(), new CheckpointSigned(partition.ToString(), checkpoint.Origin, checkpoint.Size, checkpoint.Root, generation), cancellationToken);

    public ValueTask<bool> RotatedAsync(KeyRotation rotation, CancellationToken cancellationToken) =>
        WriteAsync(null, new SigningKeyRotated(rotation.Old, rotation.New, rotation.By), cancellationToken);

    /// <summary>Reports faults, each once: what stands on the control log from <paramref name="from"/> on already is not said again.</summary>
    /// <returns>False when one could not be written; try again with all of them.</returns>
    public async ValueTask<bool> ReportAsync(LedgerPartition partition, IReadOnlyList<FoundFault> faults, long from, CancellationToken cancellationToken)
    {
        var known = await ReportedAsync(partition, from, cancellationToken).ConfigureAwait(false);
        foreach (var fault in faults)
        {
            if (!known.Remove(fault)
                && !await WriteAsync(partition.ToString(), new ChainFaultFound(partition.ToString(), fault.Offset, fault.Fault, fault.Detail), cancellationToken).ConfigureAwait(false))
            {
                return false;
            }
        }

        return true;
    }

    public async ValueTask<long> ControlEndAsync(CancellationToken cancellationToken) =>
        (await reader.BoundsAsync(LedgerPartition.Control, cancellationToken).ConfigureAwait(false)).End;

    private async ValueTask<List<FoundFault>> ReportedAsync(LedgerPartition partition, long from, CancellationToken cancellationToken)
    {
        var reported = new List<FoundFault>();
        while (true)
        {
            var batch = await reader.ReadAsync(LedgerPartition.Control, from, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                if (EventReader.TryRead(record.Bytes.Span, out var read, out _) && read!.Data is ChainFaultFound fault && fault.Partition == partition.ToString())
                {
                    reported.Add(new(fault.Offset, fault.Fault, fault.Detail));
                }
            }

            if (batch.Records.Count == 0)
            {
                return reported;
            }

            from = batch.Next;
        }
    }

    private async ValueTask<bool> WriteAsync(string? subject, EventData data, CancellationToken cancellationToken)
    {
        using var draft = EventDraft.Write(EventId.New(time), options.Source, time.GetUtcNow(), subject, LedgerLog.Control, null, data);
        return (await writer.AppendAsync(draft, cancellationToken).ConfigureAwait(false)).IsDurable;
    }
}
