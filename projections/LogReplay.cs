using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes;
using McpLedger.Streaming;

namespace McpLedger.Projections;

/// <summary>Folds the log anew, up to where it is told.</summary>
/// <param name="reader">The ledger.</param>
/// <param name="nextOf">Where to read on in a partition.</param>
/// <param name="apply">Folds records and keeps the position behind them, all or nothing.</param>
/// <param name="park">Takes a record that cannot be folded, and the reason.</param>
internal sealed class LogReplay(
    ILedgerReader reader,
    Func<LedgerPartition, CancellationToken, ValueTask<long>> nextOf,
    Func<LedgerPartition, IReadOnlyList<LedgerRecord>, long, CancellationToken, ValueTask<BatchResult>> apply,
    Func<LedgerRecord, string, CancellationToken, ValueTask> park)
{
    private const int BatchBytes = 4 * 1024 * 1024;

    /// <summary>Events folded.</summary>
    public long Events { get; private set; }

    /// <summary>Records that could not be folded.</summary>
    public long Unfoldable { get; private set; }

    /// <summary>What needs no parking: the consumer parked it when it met it first, and there its bytes and the reason are.</summary>
    public static Func<LedgerRecord, string, CancellationToken, ValueTask> IsParked { get; } = static (_, _, _) => default;

    /// <exception cref="IOException">The ledger is damaged.</exception>
    public async ValueTask CatchUpAsync(IReadOnlyDictionary<string, ViewPosition> ends, CancellationToken cancellationToken)
    {
        foreach (var partition in reader.Partitions)
        {
            var end = ends.GetValueOrDefault(partition.ToString()).Next;
            var bounds = await reader.BoundsAsync(partition, cancellationToken);
            var position = Math.Max(await nextOf(partition, cancellationToken), bounds.First);
            while (position < end)
            {
                var batch = await reader.ReadAsync(partition, position, BatchBytes, cancellationToken);
                if (batch.Damage is { } damage && batch.Records.Count == 0)
                {
                    throw new IOException($"{partition} is damaged at offset {position}: {damage}");
                }

                var records = batch.Records.Where(r => r.Offset < end).ToArray();
                position = records.Length == 0 ? end : Math.Min(batch.Next, end);
                await ApplyAsync(partition, records, position, cancellationToken);
            }
        }
    }

    private async ValueTask ApplyAsync(LedgerPartition partition, LedgerRecord[] records, long position, CancellationToken cancellationToken)
    {
        try
        {
            Events += (await apply(partition, records, position, cancellationToken)).Folded;
        }
        catch (InvalidDataException) when (records.Length > 1)
        {
            foreach (var record in records)
            {
                await ApplyAsync(partition, [record], record.Offset + 1, cancellationToken);
            }
        }
        catch (InvalidDataException e)
        {
            Unfoldable++;
            await park(records[0], e.Message, cancellationToken);
            await apply(partition, [], position, cancellationToken);
        }
    }
}
