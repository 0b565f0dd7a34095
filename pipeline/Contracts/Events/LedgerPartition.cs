using System.Globalization;

namespace McpLedger.Contracts.Events;

/// <summary>The two logs of a ledger. Every gateway follows all of <see cref="Control"/>; none follows <see cref="Calls"/>.</summary>
public enum LedgerLog
{
    /// <summary>What passed through the gateway: N partitions, keyed by session.</summary>
    Calls = 0,

    /// <summary>What changes behaviour: pins, keys, findings, labels, checkpoints, policy. One partition.</summary>
    Control = 1,
}

/// <summary>One ordered sequence of records. Written <c>calls-0</c>.</summary>
public readonly record struct LedgerPartition(LedgerLog Log, int Number)
{
    /// <summary>The first (and on the embedded ledger only) partition of <see cref="LedgerLog.Calls"/>.</summary>
    public static LedgerPartition Calls => new(LedgerLog.Calls, 0);

    /// <summary>The only partition of <see cref="LedgerLog.Control"/>.</summary>
    public static LedgerPartition Control => new(LedgerLog.Control, 0);

    /// <summary>Reads the form <c>calls-0</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out LedgerPartition partition)
    {
        partition = default;
        var dash = text.IndexOf('-');
        if (dash < 0 || !int.TryParse(text[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return false;
        }

        LedgerLog? log = text[..dash] switch { "calls" => LedgerLog.Calls, "control" => LedgerLog.Control, _ => null };
        partition = new(log ?? default, number);
        return log is not null;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{(Log == LedgerLog.Calls ? "calls" : "control")}-{Number}");
}

/// <summary>A record as it lies in the ledger: its place and its exact bytes. Hashes are over these bytes and no others (I3).</summary>
/// <param name="Partition">The sequence it belongs to.</param>
/// <param name="Offset">Its place there; grows, and may have holes.</param>
/// <param name="Bytes">The stored bytes: one event as UTF-8 JSON.</param>
public readonly record struct LedgerRecord(LedgerPartition Partition, long Offset, ReadOnlyMemory<byte> Bytes);
