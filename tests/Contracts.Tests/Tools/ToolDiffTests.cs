using System.Text;
using McpLedger.Contracts.Tools;

namespace McpLedger.Contracts.Tests.Tools;

public sealed class ToolDiffTests
{
    [Theory]
    [InlineData("""{"name":"a","b":[1]}""", """{ "b":[1.0], "name":"\u0061" }""")]
    public void Another_spelling_is_no_change(string before, string after) => Assert.Empty(Compare(before, after));

    [Theory]
    [InlineData("""{"description":"x"}""", """{"description":"y"}""", "/description", "high")]
    [InlineData("""{}""", """{"title":"y"}""", "/title", "high")]
    [InlineData("""{"name":"a"}""", """{"name":"b"}""", "/name", "high")]
    [InlineData("""{"icons":[]}""", """{"icons":[{"src":"x"}]}""", "/icons", "low")]
    [InlineData("""{"_meta":{"x":1}}""", """{"_meta":{"x":2}}""", "/_meta/x", "low")]
    [InlineData("""{"_meta":{"ui":{"resourceUri":"ui://a"}}}""", """{"_meta":{"ui":{"resourceUri":"ui://b"}}}""", "/_meta/ui/resourceUri", "high")]
    [InlineData("""{"execution":{"taskSupport":"no"}}""", """{"execution":{"taskSupport":"yes"}}""", "/execution/taskSupport", "low")]
    [InlineData("""{}""", """{"invented":1}""", "/invented", "high")]
    [InlineData("""{"inputSchema":{"properties":{}}}""", """{"inputSchema":{"properties":{"a/b":{}}}}""", "/inputSchema/properties/a~1b", "high")]
    [InlineData("""{"inputSchema":{"properties":{"a":{}}}}""", """{"inputSchema":{"properties":{}}}""", "/inputSchema/properties/a", "low")]
    [InlineData("""{"inputSchema":{"properties":{"a":{"description":"x"}}}}""", """{"inputSchema":{"properties":{"a":{"description":"y"}}}}""", "/inputSchema/properties/a/description", "high")]
    [InlineData("""{"inputSchema":{"properties":{"a":{"default":1}}}}""", """{"inputSchema":{"properties":{"a":{"default":2}}}}""", "/inputSchema/properties/a/default", "high")]
    [InlineData("""{"inputSchema":{"properties":{"a":{"maximum":1}}}}""", """{"inputSchema":{"properties":{"a":{"maximum":2}}}}""", "/inputSchema/properties/a/maximum", "low")]
    [InlineData("""{"inputSchema":{"properties":{}}}""", """{"inputSchema":{"properties":{"maximum":2}}}""", "/inputSchema/properties/maximum", "high")]
    [InlineData("""{"inputSchema":{"required":["a"]}}""", """{"inputSchema":{"required":["a","b"]}}""", "/inputSchema/required", "high")]
    [InlineData("""{"inputSchema":{}}""", """{"inputSchema":{"required":["b"]}}""", "/inputSchema/required", "high")]
    [InlineData("""{"inputSchema":{"required":["a","b"]}}""", """{"inputSchema":{"required":["b"]}}""", "/inputSchema/required", "low")]
    [InlineData("""{"inputSchema":{"required":["a","b"]}}""", """{"inputSchema":{"required":["b","a"]}}""", "/inputSchema/required", "none")]
    [InlineData("""{"inputSchema":{"enum":["a"]}}""", """{"inputSchema":{"enum":["c"]}}""", "/inputSchema/enum", "high")]
    [InlineData("""{"inputSchema":{"additionalProperties":false}}""", """{"inputSchema":{}}""", "/inputSchema/additionalProperties", "high")]
    [InlineData("""{"outputSchema":{"type":"object"}}""", """{"outputSchema":{"type":"string"}}""", "/outputSchema/type", "low")]
    [InlineData("""{"outputSchema":{"description":"x"}}""", """{"outputSchema":{"description":"y"}}""", "/outputSchema/description", "high")]
    [InlineData("""{"annotations":{"readOnlyHint":true}}""", """{"annotations":{"readOnlyHint":false}}""", "/annotations/readOnlyHint", "high")]
    [InlineData("""{"annotations":{"readOnlyHint":true}}""", """{"annotations":{}}""", "/annotations/readOnlyHint", "high")]
    [InlineData("""{"annotations":{}}""", """{"annotations":{"readOnlyHint":true}}""", "/annotations/readOnlyHint", "low")]
    [InlineData("""{"annotations":{"destructiveHint":false}}""", """{"annotations":{"destructiveHint":true}}""", "/annotations/destructiveHint", "high")]
    [InlineData("""{"annotations":{"destructiveHint":false}}""", """{"annotations":{}}""", "/annotations/destructiveHint", "high")]
    [InlineData("""{"annotations":{"openWorldHint":true}}""", """{"annotations":{"openWorldHint":false}}""", "/annotations/openWorldHint", "low")]
    [InlineData("""{"annotations":{"title":"x"}}""", """{"annotations":{"title":"y"}}""", "/annotations/title", "high")]
    public void A_change_is_named_and_graded(string before, string after, string path, string risk)
    {
        var change = Assert.Single(Compare(before, after));
        Assert.Equal((path, risk), (change.Path, change.Risk));
        Assert.Equal(risk, ToolDiff.RiskOf([change]));
    }

    [Fact]
    public void A_change_carries_both_canonical_values()
    {
        var change = Assert.Single(Compare("""{"icons":[ {"b":1,"a":2} ]}""", """{"icons":null}"""));
        Assert.Equal(("""[{"a":2,"b":1}]""", "null"), (change.Before.ToString(), change.After.ToString()));
        Assert.Null(Assert.Single(Compare("{}", """{"icons":[]}""")).Before);
    }

    [Fact]
    public void The_highest_risk_counts()
    {
        var changes = Compare("""{"icons":[],"description":"x"}""", """{"icons":[1],"description":"y"}""");
        Assert.Equal(["/description", "/icons"], changes.Select(change => change.Path));
        Assert.Equal("high", ToolDiff.RiskOf(changes));
        Assert.Equal("none", ToolDiff.RiskOf([]));
    }

    [Fact]
    public void What_has_no_canonical_form_is_a_high_risk() => Assert.Equal("high", ToolDiff.RiskOf(Compare("{}", """{"a":"\ud800"}""")));

    private static IReadOnlyList<Contracts.Events.FieldChange> Compare(string before, string after) => ToolDiff.Compare(Encoding.UTF8.GetBytes(before), Encoding.UTF8.GetBytes(after));
}
