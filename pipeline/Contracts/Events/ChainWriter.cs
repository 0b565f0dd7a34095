using System.Buffers.Text;
using System.Text;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Events;

/// <summary>
/// Gives drafts their place in one writer's chain. Not thread safe: a partition has one writer, and the order of
/// <see cref="Compose"/> is the order of the log.
/// </summary>
public sealed class ChainWriter
{
    private static ReadOnlySpan<byte> Opening => "{\"specversion\":\"1.0\",\"chain\":\""u8;

    private static ReadOnlySpan<byte> SeqMember => "\",\"seq\":"u8;

    private static ReadOnlySpan<byte> PrevMember => ",\"prev\":\""u8;

    private static ReadOnlySpan<byte> Joint => "\","u8;

    private const int LongestNumber = 20;

    private readonly byte[] _chain;

    /// <summary>Begins a chain.</summary>
    /// <param name="chain">Id of the chain: <c>{instance}/{boot epoch}/{partition}</c>, of letters, digits, <c>-</c>, <c>_</c>, <c>.</c> and <c>/</c>.</param>
    /// <param name="previous">Digest of the last durable record of the same instance's previous epoch, or <see cref="Digest.Zero"/>.</param>
    /// <exception cref="ArgumentException">The id holds another character.</exception>
    public ChainWriter(string chain, Digest previous)
    {
        if (!ChainLink.IsChain(chain))
        {
            throw new ArgumentException($"'{chain}' is no chain id: letters, digits, '-', '_', '.' and '/' are.", nameof(chain));
        }

        Chain = chain;
        _chain = Encoding.ASCII.GetBytes(chain);
        Previous = previous;
    }

    /// <summary>Id of the chain.</summary>
    public string Chain { get; }

    /// <summary>The seq that the next record gets.</summary>
    public long NextSeq { get; private set; }

    /// <summary>Digest of the last record composed.</summary>
    public Digest Previous { get; private set; }

    /// <summary>Where the chain stands.</summary>
    public ChainPosition Position => new(NextSeq, Previous);

    /// <summary>Takes back every record composed since <paramref name="position"/> was read: they were not stored, and their places are given again.</summary>
    public void ReturnTo(ChainPosition position) => (NextSeq, Previous) = (position.NextSeq, position.Previous);

    /// <summary>Upper bound of the bytes that <see cref="Compose"/> writes for a draft with a tail of <paramref name="tailLength"/> bytes.</summary>
    public int MaxLength(int tailLength) =>
        Opening.Length + _chain.Length + SeqMember.Length + LongestNumber + PrevMember.Length + (Digest.Size * 2) + Joint.Length + tailLength;

    /// <summary>Writes the whole record and moves the chain on by one.</summary>
    /// <returns>The record's length in bytes.</returns>
    /// <exception cref="ArgumentException"><paramref name="record"/> is shorter than <see cref="MaxLength"/>.</exception>
    public int Compose(Span<byte> record, ReadOnlySpan<byte> tail)
    {
        if (record.Length < MaxLength(tail.Length))
        {
            throw new ArgumentException($"The record needs room for {MaxLength(tail.Length)} bytes, not {record.Length}.", nameof(record));
        }

        var at = 0;
        Put(Opening, record, ref at);
        Put(_chain, record, ref at);
        Put(SeqMember, record, ref at);
        Utf8Formatter.TryFormat(NextSeq, record[at..], out var digits);
        at += digits;
        Put(PrevMember, record, ref at);
        Previous.FormatHex(record[at..]);
        at += Digest.Size * 2;
        Put(Joint, record, ref at);
        Put(tail, record, ref at);
        Previous = Digest.Of(record[..at]);
        NextSeq++;
        return at;
    }

    private static void Put(ReadOnlySpan<byte> bytes, Span<byte> record, ref int at)
    {
        bytes.CopyTo(record[at..]);
        at += bytes.Length;
    }
}
