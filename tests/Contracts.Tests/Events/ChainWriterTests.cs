using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;

namespace McpLedger.Contracts.Tests.Events;

public sealed class ChainWriterTests
{
    [Fact]
    public void Each_record_names_the_digest_of_the_one_before()
    {
        var chain = new ChainWriter("gw-1/2/calls-0", Digest.Of("epoch 1"u8));
        var previous = Digest.Of("epoch 1"u8);
        for (var seq = 0; seq < 20; seq++)
        {
            Assert.Equal((seq, previous), (chain.NextSeq, chain.Previous));
            var record = EventSamples.Record(chain, new WriterStopped(seq), seq);
            Assert.True(EventReader.TryReadChain(record, out var link, out var id));
            Assert.Equal((new ChainLink("gw-1/2/calls-0", seq, previous), EventSamples.Id(seq)), (link, id));
            previous = Digest.Of(record);
        }
    }

    [Theory]
    [InlineData("a\"b")]
    [InlineData("a b")]
    [InlineData("a\\b")]
    [InlineData("caf\u00e9")]
    public void A_chain_id_that_would_need_escaping_is_refused(string chain) => Assert.Throws<ArgumentException>(() => new ChainWriter(chain, Digest.Zero));

    [Fact]
    public void A_record_without_room_is_refused_and_the_chain_stands_still()
    {
        var chain = new ChainWriter("c", Digest.Zero);
        Assert.Throws<ArgumentException>(() => chain.Compose(new byte[chain.MaxLength(10) - 1], new byte[10]));
        Assert.Equal((0L, Digest.Zero), (chain.NextSeq, chain.Previous));
    }
}
