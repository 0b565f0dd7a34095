using McpLedger.Contracts.Events;
using McpLedger.Streaming;

namespace McpLedger.Stages.Verification;

/// <summary>Reads a partition through the ledger's own reader, for a ledger that is no folder. That its bytes are what was stored is then the tree's word alone.</summary>
internal sealed class ReaderScan(ILedgerReader reader, LedgerPartition partition) : IRecordScan
{
    private const int ReadBytes = 4 * 1024 * 1024;

    /// <inheritdoc/>
    public long? First => Bounds(CancellationToken.None) is var bounds && bounds.First < bounds.End ? bounds.First : null;

    /// <inheritdoc/>
    public void Read(long from, long to, ISegmentVisitor visitor, CancellationToken cancellationToken)
    {
        var bounds = Bounds(cancellationToken);
        to = Math.Min(to, bounds.End);
        if (bounds.First > from)
        {
            visitor.Gone(bounds.First);
        }

        for (var next = Math.Max(from, bounds.First); next < to;)
        {
            var batch = Wait(reader.ReadAsync(partition, next, ReadBytes, cancellationToken));
            foreach (var record in batch.Records.TakeWhile(r => r.Offset < to))
            {
                // Offsets may have holes; this one may as well be what was dropped since.
                if (record.Offset > next && Bounds(cancellationToken).First is var first && first > next)
                {
                    visitor.Gone(first);
                }

                visitor.Record(record.Offset, record.Bytes.Span, checksumHolds: true);
                next = record.Offset + 1;
            }

            if (batch.Damage is { } damage)
            {
                visitor.Damage(batch.Next, damage, atTheEnd: false);
                return;
            }

            if (batch.Records.Count == 0)
            {
                return;
            }

            next = batch.Next;
        }
    }

    // Verification computes and is run on a thread of its own; a cluster's answer is waited for there as a disk's is.
    private static T Wait<T>(ValueTask<T> asked) => asked.AsTask().GetAwaiter().GetResult();

    private LedgerBounds Bounds(CancellationToken cancellationToken) => Wait(reader.BoundsAsync(partition, cancellationToken));
}
