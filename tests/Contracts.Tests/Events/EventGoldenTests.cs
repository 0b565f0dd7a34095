using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Events;

/// <summary>Records as an earlier build wrote them: they must be readable and provable for ever, whatever happens to the code that wrote them.</summary>
public sealed class EventGoldenTests
{
    private const string Golden = "golden-records.txt";
    private const string ChainFault = "Records that exist could no longer be written the same way.";

    [Fact]
    public void What_is_written_today_is_what_was_written_before()
    {
        var text = new StringBuilder();
        var offset = 0;
        foreach (var (_, record) in EventSamples.Records())
        {
            text.Append(Leaf(record, offset++)).Append(' ').Append(Encoding.UTF8.GetString(record)).Append('\n');
        }

        Approved.Match(Golden, text.ToString(), ChainFault);
    }

    [Fact]
    public void Old_records_are_read_and_their_chain_and_leaves_hold()
    {
        var previous = Digest.Of("earlier"u8);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var lines = Approved.Read(Golden)!.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i < lines.Length; i++)
        {
            var record = Encoding.UTF8.GetBytes(lines[i][((Digest.Size * 2) + 1)..]);
            Assert.Equal(lines[i][..(Digest.Size * 2)], Leaf(record, i).ToString());
            Assert.True(EventReader.TryRead(record, out var read, out var fault), fault);
            Assert.True(EventReader.TryReadChain(record, out var link, out var id));
            Assert.Equal(new ChainLink("gw-1/7/calls-0", i, previous), read!.Header.Chain);
            Assert.Equal((read.Header.Chain, read.Header.Id), (link, id));
            Assert.Equal((EventSamples.Time, "/gateway/gw-1/7", "demo/echo"), (read.Header.Time, read.Header.Source, read.Header.Subject));
            Assert.IsNotType<UnknownEvent>(read.Data);
            seen.Add(read.Header.Type);
            previous = Digest.Of(record);
        }

        Assert.Equal(EventCatalog.Names.Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
    }

    private static Digest Leaf(byte[] record, int offset)
    {
        var bytes = new byte[LedgerLeaf.MaxLength];
        return MerkleTree.HashLeaf(bytes.AsSpan(0, LedgerLeaf.Of(LedgerPartition.Calls, offset, record, out _).Format(bytes)));
    }
}
