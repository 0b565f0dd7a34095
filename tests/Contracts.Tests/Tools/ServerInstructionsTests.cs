using System.Text;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tests.Mcp;
using McpLedger.Contracts.Tools;

namespace McpLedger.Contracts.Tests.Tools;

public sealed class ServerInstructionsTests
{
    [Fact]
    public void They_are_a_definition_with_one_member_however_they_are_spelt()
    {
        var digest = Digest.Of("""{"instructions":"List first."}"""u8);

        foreach (var value in new[] { "\"List first.\"", "\"List\\u0020first.\"" })
        {
            Assert.True(ServerInstructions.TryRead(In($$"""{"serverInfo":{"instructions":"x"}, "instruction\u0073" : {{value}} }"""), out var instructions, out _));
            Assert.Equal((ServerInstructions.Name, digest, "{\"instructions\":" + value + "}"), (instructions.Name, instructions.Definition, McpReaderTests.Text(instructions.Raw)));
        }
    }

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"instructions":null}""")]
    [InlineData("""{"_meta":{"instructions":"x"},"serverInfo":{"instructions":"y"}}""")]
    public void Where_none_are_given_there_are_none(string result)
    {
        var message = Message(result);

        Assert.True(In(result).IsEmpty);
        Assert.Equal(message.Raw, ServerInstructions.Without(message, McpLimits.Default));
    }

    [Theory]
    [InlineData("7", "no text")]
    [InlineData("{\"a\":\"x\"}", "no text")]
    [InlineData("[\"x\"]", "no text")]
    [InlineData("\"\\ud800\"", "canonical")]
    public void What_cannot_be_judged_is_a_fault(string value, string reason)
    {
        Assert.False(ServerInstructions.TryRead(In("{\"instructions\":" + value + "}"), out _, out var fault));
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void The_longest_that_can_be_judged_are_64_KiB()
    {
        string Of(int bytes) => "{\"instructions\":\"" + new string('a', bytes - 2) + "\"}";

        Assert.True(ServerInstructions.TryRead(In(Of(ServerInstructions.MaxBytes)), out _, out _));
        Assert.False(ServerInstructions.TryRead(In(Of(ServerInstructions.MaxBytes + 1)), out _, out var fault));
        Assert.Contains("longer than 65536 bytes", fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "instructions" : "x" , "a" : 1 }""", """{  "a" : 1 }""")]
    [InlineData("""{ "a" : 1 , "instructions" : "x" , "b" : 2 }""", """{ "a" : 1 , "b" : 2 }""")]
    [InlineData("""{"a":1,"instructions":["x",{"instructions":"y"}]}""", """{"a":1}""")]
    [InlineData("""{"instruction\u0073":"x"}""", """{}""")]
    [InlineData("""{ "instructions":"x" }""", """{  }""")]
    public void They_are_cut_out_and_every_other_byte_stays(string result, string rest)
    {
        var cut = ServerInstructions.Without(Message(result), McpLimits.Default);

        Assert.Equal(Envelope(rest), McpReaderTests.Text(cut));
        Assert.True(McpReader.Read(cut, McpLimits.Default).IsRead);
    }

    [Theory]
    [InlineData("""{"instructions":"x","instructions":"y"}""")]
    [InlineData("""{"instructions":"x","instruction\u0073":"y"}""")]
    [InlineData("""{"instructions":"x","Instructions":"y"}""")]
    [InlineData("""{"Instructions":"y"}""")]
    public void A_result_that_gives_them_twice_or_almost_is_no_message(string result) =>
        Assert.False(McpReader.Read(Encoding.UTF8.GetBytes(Envelope(result)), McpLimits.Default).IsRead);

    [Fact]
    public void Whatever_changes_in_them_is_high()
    {
        Assert.True(ServerInstructions.TryRead(In("""{"instructions":"List first."}"""), out var before, out _));
        Assert.True(ServerInstructions.TryRead(In("""{"instructions":"List first!"}"""), out var after, out _));

        var change = Assert.Single(ToolDiff.Compare(before.Raw, after.Raw));

        Assert.Equal(("/instructions", "\"List first.\"", "\"List first!\"", "high"), (change.Path, change.Before?.ToString(), change.After?.ToString(), change.Risk));
    }

    private static ReadOnlyMemory<byte> In(string result) => ServerInstructions.In(Message(result).Result, McpLimits.Default);

    private static McpMessage Message(string result) => McpReaderTests.Read(Envelope(result));

    private static string Envelope(string result) => """{"jsonrpc":"2.0","id":1,"result":""" + result + "}";
}
