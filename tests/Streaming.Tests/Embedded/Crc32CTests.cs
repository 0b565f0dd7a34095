using CsCheck;
using McpLedger.Streaming.Embedded;

namespace McpLedger.Streaming.Tests.Embedded;

public sealed class Crc32CTests
{
    // RFC 3720 B.4.
    [Fact]
    public void The_vectors_of_RFC_3720_hold()
    {
        Assert.Equal(0x8A9136AAu, Crc32C.Of(new byte[32]));
        Assert.Equal(0x62A8AB43u, Crc32C.Of([.. Enumerable.Repeat((byte)0xFF, 32)]));
        Assert.Equal(0x46DD794Eu, Crc32C.Of([.. Enumerable.Range(0, 32).Select(i => (byte)i)]));
        Assert.Equal(0xE3069283u, Crc32C.Of("123456789"u8));
    }

    [Fact]
    public void The_managed_way_gives_what_the_hardware_gives() =>
        Gen.Byte.Array[0, 300].Sample(bytes => Assert.Equal(Crc32C.Of(bytes), ~Crc32C.AppendManaged(uint.MaxValue, bytes)));
}
