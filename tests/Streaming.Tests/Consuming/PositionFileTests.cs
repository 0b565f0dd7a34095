using McpLedger.Streaming.Consuming;
using McpLedger.Testing.Ledgers;

namespace McpLedger.Streaming.Tests.Consuming;

public sealed class PositionFileTests
{
    [Fact]
    public void A_position_is_zero_until_one_is_kept_and_anything_else_in_the_file_is_an_error()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "deep", "fold.position");
        var file = new PositionFile(path);
        Assert.Equal(0, file.Load());
        file.Save(42);
        Assert.Equal(42, new PositionFile(path).Load());
        File.WriteAllText(path, "forty-two");
        Assert.Throws<IOException>(() => file.Load());
    }
}
