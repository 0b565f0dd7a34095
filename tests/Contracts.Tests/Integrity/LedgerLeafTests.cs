using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Contracts.Tests.Integrity;

public sealed class LedgerLeafTests
{
    private static readonly FakeTimeProvider Time = new(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));

    [Fact]
    public void A_leaf_commits_to_place_identity_chain_and_bytes_in_plain_text()
    {
        var (record, id) = Record();
        Span<byte> leaf = stackalloc byte[LedgerLeaf.MaxLength];
        var length = LedgerLeaf.Of(LedgerPartition.Calls, 42, record, out _).Format(leaf);

        Assert.Equal($"mcpledger-leaf/v1\n{id}\ncalls-0 42\ngw-1/7/calls-0 0\n{Digest.Of(record)}\n", Encoding.UTF8.GetString(leaf[..length]));
        Assert.True(LedgerLeaf.TryParse(leaf[..length], out var read));
        Assert.Equal(LedgerLeaf.Of(LedgerPartition.Calls, 42, record, out _), read);
    }

    [Fact]
    public void A_record_that_is_no_event_has_a_leaf_too()
    {
        Span<byte> leaf = stackalloc byte[LedgerLeaf.MaxLength];
        var length = LedgerLeaf.Of(LedgerPartition.Control, 7, "garbage"u8, out _).Format(leaf);

        Assert.Equal($"mcpledger-leaf/v1\n-\ncontrol-0 7\n- 0\n{Digest.Of("garbage"u8)}\n", Encoding.UTF8.GetString(leaf[..length]));
        Assert.True(LedgerLeaf.TryParse(leaf[..length], out var read));
        Assert.Null(read.Event);
    }

    [Theory]
    [InlineData("v1", "v2")]
    [InlineData("calls-0 42", "calls-0 042")]
    [InlineData("calls-0 42", "calls-00 42")]
    [InlineData("calls-0 42", "other-0 42")]
    [InlineData("gw-1/7/calls-0 0", "gw-1/7/calls-0 -1")]
    [InlineData("gw-1/7/calls-0 0", "- 0")]
    [InlineData("\n", "\r\n")]
    public void A_leaf_has_one_form_only(string from, string to)
    {
        var (record, _) = Record();
        Span<byte> leaf = stackalloc byte[LedgerLeaf.MaxLength];
        var text = Encoding.UTF8.GetString(leaf[..LedgerLeaf.Of(LedgerPartition.Calls, 42, record, out _).Format(leaf)]);

        Assert.False(LedgerLeaf.TryParse(Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal)), out _));
        Assert.False(LedgerLeaf.TryParse(Encoding.UTF8.GetBytes(text + "\n"), out _));
        Assert.False(LedgerLeaf.TryParse(Encoding.UTF8.GetBytes(text.ToUpperInvariant()), out _));
    }

    [Fact]
    public void The_quick_reader_and_the_strict_one_agree_on_every_cut_and_every_flipped_byte()
    {
        var (record, _) = Record();
        for (var at = 0; at < 320; at++)
        {
            var flipped = record.ToArray();
            flipped[at] ^= 0x01;
            foreach (var bytes in new[] { flipped, record[..at] })
            {
                if (RecordPrefix.TryRead(bytes, out var link, out var id))
                {
                    Assert.True(EventReader.TryReadChain(bytes, out var strict, out var strictId), Encoding.UTF8.GetString(bytes));
                    Assert.Equal((strict, strictId), (link, id));
                }
            }
        }
    }

    private static (byte[] Record, EventId Id) Record()
    {
        var id = EventId.New(Time);
        using var draft = EventDraft.Write(id, "/gateway/gw-1/7", Time.GetUtcNow(), null, LedgerLog.Calls, null, new Heartbeat(1, 2, 3, 4));
        var chain = new ChainWriter("gw-1/7/calls-0", Digest.Zero);
        var record = new byte[chain.MaxLength(draft.Tail.Length)];
        return (record[..chain.Compose(record, draft.Tail.Span)], id);
    }
}
