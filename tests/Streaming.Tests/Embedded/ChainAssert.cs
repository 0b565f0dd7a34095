using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Streaming.Tests.Embedded;

/// <summary>Checks what every ledger's records must satisfy, whatever happened to it.</summary>
internal static class ChainAssert
{
    /// <summary>Offsets are dense, each chain's seqs are, each record links to the one before it, and ids are unique.</summary>
    public static void Holds(IReadOnlyList<LedgerRecord> records)
    {
        var ids = new HashSet<EventId>();
        string? chain = null;
        long seq = 0;
        var previous = Digest.Zero;
        for (var i = 0; i < records.Count; i++)
        {
            Assert.Equal(records[0].Offset + i, records[i].Offset);
            Assert.True(EventReader.TryReadChain(records[i].Bytes.Span, out var link, out var id));
            seq = link.Chain == chain ? seq + 1 : 0;
            chain = link.Chain;
            if (i > 0 || records[0].Offset == 0)
            {
                Assert.Equal(seq, link.Seq);
                Assert.Equal(previous, link.Prev);
            }

            seq = link.Seq;
            previous = Digest.Of(records[i].Bytes.Span);
            Assert.True(ids.Add(id), $"{id} is there twice");
        }
    }

    /// <summary>The types of the events, in order.</summary>
    public static string[] Types(IEnumerable<LedgerRecord> records) =>
        [.. records.Select(r => EventReader.TryRead(r.Bytes.Span, out var read, out var fault) ? read!.Header.Type : fault!)];
}
