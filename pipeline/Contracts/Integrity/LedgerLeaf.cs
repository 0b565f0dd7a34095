using System.Globalization;
using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Contracts.Integrity;

/// <summary>
/// What the tree commits to for one record: where it lies, which event it is, where it stands in its chain, and the digest of its exact bytes;
/// never the payload. As UTF-8:
/// <code>
/// mcpledger-leaf/v1
/// {event id}
/// {partition} {offset}
/// {chain} {seq}
/// {SHA-256 of the record, lower-case hex}
/// </code>
/// each line with its newline. A record that is no event has <c>-</c> for the event id and <c>- 0</c> for the chain: it has its leaf like any other.
/// </summary>
/// <param name="Event">The event's id; null when the record cannot be read.</param>
/// <param name="Partition">The sequence it lies in.</param>
/// <param name="Offset">Its place there.</param>
/// <param name="Chain">Its writer's chain; empty when the record cannot be read.</param>
/// <param name="Seq">Its place in the chain; 0 when the record cannot be read.</param>
/// <param name="Record">Digest of its exact bytes.</param>
public readonly record struct LedgerLeaf(EventId? Event, LedgerPartition Partition, long Offset, string Chain, long Seq, Digest Record)
{
    /// <summary>Longest chain id that a leaf carries; a record with a longer one counts as unreadable.</summary>
    public const int LongestChain = 256;

    /// <summary>More bytes than any leaf has.</summary>
    public const int MaxLength = 512;

    private static ReadOnlySpan<byte> Version => "mcpledger-leaf/v1\n"u8;

    /// <summary>The leaf of a record.</summary>
    /// <param name="partition">The sequence it lies in.</param>
    /// <param name="offset">Its place there.</param>
    /// <param name="record">Its exact bytes.</param>
    public static LedgerLeaf Of(LedgerPartition partition, long offset, ReadOnlySpan<byte> record) => Of(partition, offset, record, out _);

    /// <summary>The leaf of a record, and what the record names as its predecessor.</summary>
    /// <param name="partition">The sequence it lies in.</param>
    /// <param name="offset">Its place there.</param>
    /// <param name="record">Its exact bytes.</param>
    /// <param name="prev">What it names as its predecessor's digest.</param>
    public static LedgerLeaf Of(LedgerPartition partition, long offset, ReadOnlySpan<byte> record, out Digest prev) =>
        Of(partition, offset, RecordPrefix.TryRead(record, out var link, out var id) ? id : null, link, Digest.Of(record), out prev);

    /// <summary>Writes the leaf's bytes.</summary>
    /// <returns>How many.</returns>
    public int Format(Span<byte> destination)
    {
        Span<byte> hex = stackalloc byte[Digest.Size * 2];
        Record.FormatHex(hex);
        Version.CopyTo(destination);
        var at = Version.Length;
        if (Event is { } id)
        {
            id.Value.TryFormat(destination[at..], out var written);
            at += written;
        }
        else
        {
            destination[at++] = (byte)'-';
        }

        destination[at++] = (byte)'\n';
        at += Encoding.ASCII.GetBytes(Partition.Log == LedgerLog.Calls ? "calls-" : "control-", destination[at..]);
        Put(Partition.Number, ' ', destination, ref at);
        Put(Offset, '\n', destination, ref at);
        at += Encoding.ASCII.GetBytes(Chain.Length == 0 ? "-" : Chain, destination[at..]);
        destination[at++] = (byte)' ';
        Put(Seq, '\n', destination, ref at);
        hex.CopyTo(destination[at..]);
        at += hex.Length;
        destination[at++] = (byte)'\n';
        return at;
    }

    /// <summary>Reads a leaf's bytes, which must be exactly as <see cref="Format"/> writes them.</summary>
    public static bool TryParse(ReadOnlySpan<byte> bytes, out LedgerLeaf leaf)
    {
        leaf = default;
        if (bytes.Length > MaxLength || !bytes.StartsWith(Version))
        {
            return false;
        }

        var rest = bytes[Version.Length..];
        if (!TryLine(ref rest, out var id)
            || !TryLine(ref rest, out var place)
            || !TryLine(ref rest, out var link)
            || !TryLine(ref rest, out var hex)
            || !rest.IsEmpty
            || !TryPair(place, out var partition, out var offset)
            || !TryPair(link, out var chain, out var seq)
            || !LedgerPartition.TryParse(partition, out var sequence)
            || !Digest.TryParse(hex, out var record))
        {
            return false;
        }

        if (id is "-")
        {
            leaf = new(null, sequence, offset, "", 0, record);
        }
        else if (chain != "-" && EventId.TryParse(id, out var read))
        {
            leaf = new(read, sequence, offset, chain, seq, record);
        }

        Span<byte> again = stackalloc byte[MaxLength];
        return leaf.Chain is not null && leaf.Chain.Length <= LongestChain && again[..leaf.Format(again)].SequenceEqual(bytes);
    }

    private static LedgerLeaf Of(LedgerPartition partition, long offset, EventId? id, ChainLink link, Digest record, out Digest prev)
    {
        prev = link.Prev;
        return id is null ? new(null, partition, offset, "", 0, record) : new(id, partition, offset, link.Chain, link.Seq, record);
    }

    private static bool TryLine(ref ReadOnlySpan<byte> rest, out string line)
    {
        var end = rest.IndexOf((byte)'\n');
        line = end < 0 ? "" : Encoding.UTF8.GetString(rest[..end]);
        rest = rest[(end + 1)..];
        return end >= 0;
    }

    private static bool TryPair(string line, out string first, out long second)
    {
        var space = line.IndexOf(' ', StringComparison.Ordinal);
        first = space < 0 ? "" : line[..space];
        second = 0;
        return space >= 0 && NoteText.TryNumber(line.AsSpan(space + 1), out second);
    }

    private static void Put(long number, char end, Span<byte> destination, ref int at)
    {
        number.TryFormat(destination[at..], out var written, default, CultureInfo.InvariantCulture);
        at += written;
        destination[at++] = (byte)end;
    }
}
