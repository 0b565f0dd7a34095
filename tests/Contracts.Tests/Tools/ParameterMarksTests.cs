using System.Text;
using McpLedger.Contracts.Mcp;
using McpLedger.Contracts.Tools;

namespace McpLedger.Contracts.Tests.Tools;

public sealed class ParameterMarksTests
{
    private const string Tool = """
        {"name":"t","inputSchema":{"type":"object","properties":{
          "region":{"type":"string","x-mcp-header":"Region"},"count":{"type":"integer","x-mcp-header":"Count"},"dry":{"type":"boolean","x-mcp-header":"Dry-Run"},
          "deep":{"type":"object","properties":{"tenant":{"type":"string","x-mcp-header":"Tenant"}}},"plain":{"type":"string"}}}}
        """;

    [Theory]
    [InlineData("""{"region":"eu"}""", "Region=eu")]
    [InlineData("""{"region":"eu"}""", "Region= eu ")]
    [InlineData("""{"region":"größe"}""", "Region==?base64?Z3LDtsOfZQ==?=")]
    [InlineData("""{"region":"eu"}""", "Region==?base64?ZXU=?=")]
    [InlineData("""{"region":"\u0065u"}""", "Region=eu")]
    [InlineData("""{"region":""}""", "Region=")]
    [InlineData("""{"region":"a\r\nX: y"}""", "Region==?base64?YQ0KWDogeQ==?=")]
    [InlineData("""{"count":42}""", "Count=42")]
    [InlineData("""{"count":42.0}""", "Count=42")]
    [InlineData("""{"count":4.2e1}""", "Count=42")]
    [InlineData("""{"count":-0}""", "Count=0")]
    [InlineData("""{"count":9007199254740993}""", "Count=9007199254740993")]
    [InlineData("""{"dry":true}""", "Dry-Run=true")]
    [InlineData("""{"deep":{"tenant":"a"}}""", "Tenant=a")]
    [InlineData("""{"region":null}""", "")]
    [InlineData("{}", "")]
    [InlineData("""{"plain":"x"}""", "Other=anything")]
    [InlineData("""{"region":{"a":1}}""", "")]
    [InlineData("""{"Region":"eu"}""", "")]
    public void Headers_that_say_what_the_arguments_say_pass(string arguments, string headers) => Assert.Null(Check(Tool, arguments, headers));

    [Theory]
    [InlineData("""{"region":"eu"}""", "")]
    [InlineData("""{"region":"eu"}""", "Region=us")]
    [InlineData("""{"region":"eu"}""", "Region=EU")]
    [InlineData("""{"region":"eu"}""", "Region=eu;Region=eu")]
    [InlineData("""{"region":"eu"}""", "Region==?base64?ZXU?=")]
    [InlineData("""{"region":"eu"}""", "Region==?base64?/w==?=")]
    [InlineData("""{"region":"eu"}""", "Region==?BASE64?ZXU=?=")]
    [InlineData("""{"region":"größe"}""", "Region=größe")]
    [InlineData("""{"region":""}""", "")]
    [InlineData("""{"region":null}""", "Region=")]
    [InlineData("{}", "Region=eu")]
    [InlineData("""{"region":["eu"]}""", "Region=eu")]
    [InlineData("""{"region":"\ud800"}""", "Region=x")]
    [InlineData("""{"count":42}""", "Count=43")]
    [InlineData("""{"count":42}""", "Count=0x2a")]
    [InlineData("""{"count":42}""", "Count=42,")]
    [InlineData("""{"count":9007199254740993}""", "Count=9007199254740992")]
    [InlineData("""{"count":1}""", "Count=1e999999999")]
    [InlineData("""{"dry":true}""", "Dry-Run=True")]
    [InlineData("""{"dry":true}""", "Dry-Run=1")]
    [InlineData("""{"deep":{"tenant":"a"}}""", "Tenant=b")]
    public void A_header_that_says_something_else_is_a_mismatch(string arguments, string headers)
    {
        var fault = Check(Tool, arguments, headers);
        Assert.Equal((400, McpErrors.HeaderMismatch, "1"), (fault!.Status, fault.Code, fault.Id.ToString()));
        Assert.Contains("Mcp-Param-", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"name":"t","inputSchema":{"properties":{"a":{"x-mcp-header":"A"},"b":{"x-mcp-header":"a"}}}}""")]
    [InlineData("""{"name":"t","inputSchema":{"properties":{"a":{"x-mcp-header":""}}}}""")]
    [InlineData("""{"name":"t","inputSchema":{"properties":{"a":{"x-mcp-header":"a b"}}}}""")]
    [InlineData("""{"name":"t","inputSchema":{"properties":{"a":{"x-mcp-header":"a\r\nHost"}}}}""")]
    [InlineData("""{"name":"t","inputSchema":{"properties":{"a":{"x-mcp-header":7}}}}""")]
    [InlineData("""{"name":"t","inputSchema":{"anyOf":[{"properties":{"a":{"x-mcp-header":"A"}}}]}}""")]
    [InlineData("""{"name":"t","inputSchema":"x-mcp-header"}""")]
    [InlineData("""{"name":"t","note":"x-mcp-header"}""")]
    public void What_a_schema_does_not_validly_say_is_not_asked_for(string tool)
    {
        Assert.Empty(ParameterMarks.Of(Encoding.UTF8.GetBytes(tool)));
        Assert.Null(Check(tool, """{"a":"x"}""", "A=y"));
    }

    [Fact]
    public void A_mark_that_is_spelled_with_escapes_is_found()
        => Assert.Equal("A", Assert.Single(ParameterMarks.Of(Encoding.UTF8.GetBytes("""{"inputSchema":{"properties":{"a":{"\u0078-mcp-header":"A"}}}}"""))).Header);

    [Fact]
    public void What_is_written_for_a_call_is_what_is_asked_of_it()
    {
        var marks = ParameterMarks.Of(Encoding.UTF8.GetBytes(Tool));
        var call = Call("""{"region":" größe\n","count":-7,"dry":false,"deep":{"tenant":"=?base64?x?="}}""");
        var written = ParameterMarks.Write(marks, call).ToLookup(h => h.Name, h => (string?)h.Value, StringComparer.OrdinalIgnoreCase);

        Assert.Equal(4, written.Count);
        Assert.Null(ParameterMarks.Check(marks, call, name => [.. written[name]]));
    }

    private static McpMessage Call(string arguments) =>
        McpReader.Read(Encoding.UTF8.GetBytes($$$"""{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{{{arguments}}}}}"""), McpLimits.Default).Message;

    private static McpFault? Check(string tool, string arguments, string headers)
    {
        var given = headers.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(h => h.Split('=', 2)).ToLookup(h => "Mcp-Param-" + h[0], h => (string?)h[1], StringComparer.OrdinalIgnoreCase);
        return ParameterMarks.Check(ParameterMarks.Of(Encoding.UTF8.GetBytes(tool)), Call(arguments), name => [.. given[name]]);
    }
}
