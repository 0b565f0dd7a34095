using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming;

/// <summary>Which partition an event goes to: a pure function of its key, the same in every process and version, so that a session stays in order.</summary>
public static class PartitionChoice
{
    private const uint OffsetBasis = 2166136261;
    private const uint Prime = 16777619;

    /// <summary>The partition of <paramref name="key"/> in a log with <paramref name="partitions"/> of them: FNV-1a (32 bit) over the key's UTF-8, modulo the number.</summary>
    /// <param name="log">The log; <see cref="LedgerLog.Control"/> has one partition.</param>
    /// <param name="key">The event's key; null takes the first.</param>
    /// <param name="partitions">At least 1.</param>
    public static LedgerPartition Of(LedgerLog log, string? key, int partitions)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        if (log == LedgerLog.Control || key is null || partitions == 1)
        {
            return new(log, 0);
        }

        var hash = OffsetBasis;
        foreach (var b in Encoding.UTF8.GetBytes(key))
        {
            hash = (hash ^ b) * Prime;
        }

        return new(log, (int)(hash % (uint)partitions));
    }
}
