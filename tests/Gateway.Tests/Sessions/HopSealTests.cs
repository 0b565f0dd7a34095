using McpLedger.Gateway.Sessions;

namespace McpLedger.Gateway.Tests.Sessions;

public sealed class HopSealTests
{
    private const string Session = "a-session";
    private static readonly byte[] One = [.. Enumerable.Repeat((byte)1, SessionKeys.KeyLength)];
    private static readonly byte[] Two = [.. Enumerable.Repeat((byte)2, SessionKeys.KeyLength)];

    [Theory]
    [InlineData("203.0.113.9")]
    [InlineData("fe80::1234:5678:9abc:def0%eth0")]
    public void An_address_opens_for_its_session_alone(string address)
    {
        var seal = Of(One);
        var told = seal.Seal(address, Session);

        Assert.Equal(address, seal.Open(told, Session));
        Assert.Null(seal.Open(told, "another"));
        Assert.Null(Of(Two).Open(told, Session));
        Assert.Equal(address, Of(Two, One).Open(told, Session));
    }

    [Fact]
    public void What_no_replica_sealed_says_nothing()
    {
        var seal = Of(One);
        var told = seal.Seal("203.0.113.9", Session);
        Assert.True(new SessionSeal(SessionKeys.From(One, [])).TrySeal(new("one", "upstream", null, null, "gw-1", "|alice"), out var session, out _));

        foreach (var said in new[] { "", "203.0.113.9", "AAAA", new string('A', 48), new string('A', 100_000), told[..^4], (told[0] == 'A' ? "B" : "A") + told[1..], session, "ü" + told })
        {
            Assert.Null(seal.Open(said, Session));
        }
    }

    private static HopSeal Of(byte[] current, byte[]? previous = null) => new(SessionKeys.From(current, previous));
}
