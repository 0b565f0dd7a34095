using System.Runtime.CompilerServices;
using McpLedger.Contracts.Events;
using McpLedger.Streaming;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Stages.Detection;

/// <summary>Reads what was recorded from beginning to end, for those who look back.</summary>
internal static class LogScan
{
    private const int ReadBytes = 4 * 1024 * 1024;

    /// <summary>The readable events of a partition, oldest first, up to its end.</summary>
    /// <exception cref="IOException">The log is damaged: behind that nothing was read.</exception>
    public static async IAsyncEnumerable<LedgerEvent> ReadAsync(ILedgerReader reader, LedgerPartition partition, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var from = (await reader.BoundsAsync(partition, cancellationToken).ConfigureAwait(false)).First;
        while (true)
        {
            var batch = await reader.ReadAsync(partition, from, ReadBytes, cancellationToken).ConfigureAwait(false);
            foreach (var record in batch.Records)
            {
                if (EventReader.TryRead(record.Bytes.Span, out var read, out _))
                {
                    yield return read!;
                }
            }

            Whole(batch, partition, reader);
            if (batch.Records.Count == 0 && batch.Next <= from)
            {
                yield break;
            }

            from = batch.Next;
        }
    }

    /// <exception cref="IOException">What was read stands before damage.</exception>
    public static void Whole(ReadBatch batch, LedgerPartition partition, ILedgerReader reader)
    {
        if (batch.Damage is { } damage)
        {
            // Only files of this machine can be restored or stepped over.
            var fix = reader is EmbeddedLedger or EmbeddedLedgerFiles ? " Fix: restore the segment, or accept the damage with 'mcpledger damage accept'." : "";
            throw new IOException($"{partition} is damaged at offset {batch.Next}, and what lies behind that cannot be read: {damage}.{fix}");
        }
    }

    /// <summary>The bytes of content, fetched where they lie elsewhere; empty when they cannot be had.</summary>
    public static async ValueTask<ReadOnlyMemory<byte>> ContentAsync(IBlobStore blobs, Content? content, CancellationToken cancellationToken) => content switch
    {
        null => default,
        { Blob: null } => MessagePart.Inline(content),
        _ => await blobs.GetAsync(content.Sha256, cancellationToken).ConfigureAwait(false) ?? default,
    };
}
