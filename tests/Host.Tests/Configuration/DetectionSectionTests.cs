using McpLedger.Contracts.Events;
using McpLedger.Detectors.Behaviour;
using McpLedger.Host.Configuration;
using McpLedger.Stages.Detection;

namespace McpLedger.Host.Tests.Configuration;

public sealed class DetectionSectionTests
{
    [Theory]
    [InlineData("detection: { detectors: { lop: {} } }", "detection.detectors.lop", "loop")]
    [InlineData("detection: { detectors: { loop: { for: 1s } } }", "detection.detectors.loop.for", "from 10s")]
    [InlineData("detection: { detectors: { loop: { action: halt } } }", "detection.detectors.loop.action", "write one of them")]
    [InlineData("detection: { labels: [flaged] }", "detection.labels", "flagged")]
    [InlineData("detection: { tools: { send_mail: [sink] } }", "detection.tools.send_mail", "server/tool")]
    [InlineData("detection: { tools: { mail/send: [sinks] } }", "detection.tools.mail/send", "sink")]
    [InlineData("rules: [{ id: a, block: { labels: [private-data] } }]", "rules[0].block.labels", "detection.labels")]
    [InlineData("rules: [{ id: a, block: { labels: [odd] } }]", "rules[0].block.labels", "flagged")]
    public void What_cannot_be_meant_is_named_with_the_fix(string text, string path, string fix)
    {
        var read = ConfigReader.ReadText("/tmp/mcpledger.yaml", text);
        Assert.Contains(read.Faults, fault => fault.Path == path && fault.Fix.Contains(fix, StringComparison.Ordinal));
    }

    [Fact]
    public void The_most_exact_name_of_a_tool_decides_what_it_does()
    {
        var read = ConfigReader.ReadText("/tmp/mcpledger.yaml", "detection: { tools: { 'mail/*': [untrusted, private], 'mail/send*': [sink], mail/send_test: [none] }, detectors: { hijack: { action: stop, from: critical, holds: principal } } }");
        var policy = DetectionMapping.PolicyOf(read.File!.Detection);

        Assert.Empty(read.Faults);
        Assert.Equal(ToolTraits.UntrustedSource | ToolTraits.PrivateSource, policy.TraitsOf("mail", "list"));
        Assert.Equal(ToolTraits.Sink | ToolTraits.Effect, policy.TraitsOf("mail", "send_all"));
        Assert.Equal(ToolTraits.None, policy.TraitsOf("mail", "send_test"));
        Assert.Equal((DetectionAction.Stop, Severity.Critical, true), (policy.Of("hijack").Action, policy.Of("hijack").ActFrom, policy.Of("hijack").HoldsPrincipal));
        Assert.Equal(DetectorPolicy.Alert, policy.Of("loop"));
    }
}
