using System.Text;
using CsCheck;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tests.Mcp;
using McpLedger.Contracts.Tools;

namespace McpLedger.Contracts.Tests.Tools;

public sealed class ToolListTests
{
    private const string List =
        """
        {"jsonrpc":"2.0","id":1,"result":{ "cacheScope": "public", "tools" : [ {"name":"a","inputSchema":{"type":"object"}} , {"inputSchema":{},"name":"b"},
          {"name":"c"} ], "ttlMs":5}}
        """;

    [Fact]
    public void The_tools_of_a_list_are_its_slices_with_the_hash_of_their_canonical_form()
    {
        Assert.True(Tools(List, out var tools, out _));
        Assert.Equal(["a", "b", "c"], tools.Select(tool => tool.Name));
        Assert.Equal("""{"inputSchema":{},"name":"b"}""", McpReaderTests.Text(tools[1].Raw));
        Assert.Equal(Digest.Of("""{"inputSchema":{},"name":"b"}"""u8), tools[1].Definition);
        Assert.Equal(Digest.Of("""{"inputSchema":{"type":"object"},"name":"a"}"""u8), tools[0].Definition);
    }

    [Theory]
    [InlineData("""{"tools":[{"name":"a"},{"name":"\u0061"}]}""", "Tool 2 of the list has the name of one before it")]
    [InlineData("""{"tools":[{"title":"a"}]}""", "no name")]
    [InlineData("""{"tools":[{"name":7}]}""", "no name")]
    [InlineData("""{"tools":[7]}""", "array of objects")]
    [InlineData("""{"tools":{}}""", "array of objects")]
    [InlineData("""{}""", "array of objects")]
    [InlineData("""{"tools":[{"name":"a","Name":"b"}]}""", "array of objects")]
    [InlineData("""{"tools":[{"name":"a","description":"\ud800"}]}""", "canonical")]
    public void A_list_that_cannot_be_judged_is_a_fault_and_has_no_tools(string result, string reason)
    {
        Assert.False(ToolList.TryRead(Encoding.UTF8.GetBytes(result), McpLimits.Default, out var tools, out var fault));
        Assert.Empty(tools);
        Assert.Contains(reason, fault, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("abc", "{\"name\":\"a\",\"inputSchema\":{\"type\":\"object\"}} , {\"inputSchema\":{},\"name\":\"b\"},\n  {\"name\":\"c\"} ")]
    [InlineData("bc", "{\"inputSchema\":{},\"name\":\"b\"},\n  {\"name\":\"c\"} ")]
    [InlineData("ac", "{\"name\":\"a\",\"inputSchema\":{\"type\":\"object\"}},\n  {\"name\":\"c\"} ")]
    [InlineData("ab", "{\"name\":\"a\",\"inputSchema\":{\"type\":\"object\"}} , {\"inputSchema\":{},\"name\":\"b\"} ")]
    [InlineData("b", "{\"inputSchema\":{},\"name\":\"b\"} ")]
    [InlineData("c", "{\"name\":\"c\"} ")]
    [InlineData("", " ")]
    public void Hidden_tools_are_cut_out_and_every_other_byte_stays(string shown, string between)
    {
        var filtered = Filter(List, shown, isPerCaller: false)!;
        var expected = List.ReplaceLineEndings("\n");
        var start = expected.IndexOf("[ ", StringComparison.Ordinal) + 2;
        expected = string.Concat(expected.AsSpan(0, start), between, expected.AsSpan(expected.IndexOf(']', start)));
        expected = shown == "abc" ? expected : expected.Replace("\"public\"", "\"private\"", StringComparison.Ordinal);
        Assert.Equal(expected, McpReaderTests.Text(filtered.Message));
        Assert.Equal(shown != "abc", filtered.IsChanged);
        Assert.Equal("abc".Except(shown).Select(c => c.ToString()), filtered.Hidden);
    }

    [Fact]
    public void A_list_that_differs_by_caller_is_never_public()
    {
        Assert.Contains("\"cacheScope\": \"private\"", McpReaderTests.Text(Filter(List, "abc", isPerCaller: true)!.Message), StringComparison.Ordinal);
        var message = McpReaderTests.Read(List.Replace("public", "private", StringComparison.Ordinal));
        Assert.Equal(message.Raw, ToolListFilter.Apply(message, McpLimits.Default, isPerCaller: true, _ => true)!.Message);
    }

    [Fact]
    public void A_list_that_cannot_be_read_is_not_filtered_by_guess() =>
        Assert.Null(Filter("""{"jsonrpc":"2.0","id":1,"result":{"tools":[7]}}""", "", isPerCaller: false));

    [Fact]
    public void Whatever_is_hidden_the_rest_is_the_list_without_it() => Gen.Select(Gen.Bool.Array[0, 9], Gen.Int[0, 3].Array[20]).Sample((shown, spaces) =>
    {
        var blanks = spaces.Select(n => new string(' ', n)).ToArray();
        var items = shown.Select((_, i) => $"{blanks[i]}{{\"name\":\"t{i}\"}}{blanks[i + 10]}");
        var filtered = Filter($$"""{"jsonrpc":"2.0","id":1,"result":{"tools":[{{string.Join(',', items)}}] } }""", name => shown[int.Parse(name.AsSpan(1))]);
        Assert.True(Tools(McpReaderTests.Text(filtered!.Message), out var tools, out var fault), fault);
        Assert.Equal(Enumerable.Range(0, shown.Length).Where(i => shown[i]).Select(i => $"t{i}"), tools.Select(tool => tool.Name));
    });

    private static FilteredTools? Filter(string message, string shown, bool isPerCaller) =>
        ToolListFilter.Apply(McpReaderTests.Read(message.ReplaceLineEndings("\n")), McpLimits.Default, isPerCaller, shown.Contains);

    private static FilteredTools? Filter(string message, Predicate<string> isShown) => ToolListFilter.Apply(McpReaderTests.Read(message), McpLimits.Default, isPerCaller: false, isShown);

    private static bool Tools(string message, out IReadOnlyList<ToolDefinition> tools, out string? fault) =>
        ToolList.TryRead(McpReaderTests.Read(message).Result, McpLimits.Default, out tools, out fault);
}
