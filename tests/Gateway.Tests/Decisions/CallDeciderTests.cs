using McpLedger.Gateway.Configuration;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Decisions;
using McpLedger.Gateway.Policy;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Tests.Decisions;

public sealed class CallDeciderTests
{
    [Fact]
    public void An_empty_policy_refuses_everything()
    {
        Assert.IsType<Decision.Refuse>(CallDecider.Decide(PolicySnapshot.RefuseEverything, Facts("alice", "demo", "tools/call", "echo")));
        Assert.IsType<Decision.Refuse>(CallDecider.Decide(Policy(), Facts("alice", "demo", "initialize", null)));
        Assert.Equal(RefusalKind.UnknownServer, Refused(Policy(Allow()), Facts("alice", "other", "ping", null)).Kind);
        Assert.Equal(RefusalKind.Hidden, default(RefusalKind));
        Assert.Equal(RuleEffect.Block, default(RuleEffect));
    }

    [Theory]
    [InlineData("initialize", true)]
    [InlineData("tools/list", true)]
    [InlineData("notifications/initialized", true)]
    [InlineData("GET", true)]
    [InlineData(null, true)]
    [InlineData("tasks/get", true)]
    [InlineData("tasks/list", false)]
    [InlineData("tasks/other", false)]
    [InlineData("resources/read", false)]
    [InlineData("prompts/get", false)]
    [InlineData("Initialize", false)]
    public void A_rule_for_tools_opens_what_leads_to_them_and_nothing_else(string? method, bool isAllowed) =>
        Assert.Equal(isAllowed, CallDecider.Decide(Policy(Allow() with { Tools = ["echo"] }), Facts("alice", "demo", method, null)) is Decision.Forward);

    [Theory]
    [InlineData("echo", true)]
    [InlineData("Echo", false)]
    [InlineData("echo2", false)]
    [InlineData("get_weather", true)]
    [InlineData("get_", true)]
    [InlineData("get", false)]
    public void Names_are_compared_by_code_unit_and_a_star_ends_a_prefix(string tool, bool isAllowed) =>
        Assert.Equal(isAllowed, CallDecider.Decide(Policy(Allow() with { Tools = ["echo", "get_*"] }), Facts("alice", "demo", "tools/call", tool)) is Decision.Forward);

    [Fact]
    public void A_block_wins_wherever_it_stands()
    {
        var block = new RuleConfig { Id = "block", Effect = RuleEffect.Block, Principals = ["mallory"] };
        foreach (var policy in new[] { Policy(Allow(), block), Policy(block, Allow()) })
        {
            Assert.Equal(["block"], Refused(policy, Facts("mallory", "demo", "ping", null)).Rules);
            Assert.IsType<Decision.Forward>(CallDecider.Decide(policy, Facts("alice", "demo", "ping", null)));
        }
    }

    [Fact]
    public void A_rule_for_a_team_speaks_of_its_members_only()
    {
        var policy = Policy(Allow() with { Teams = ["ops"] });
        Assert.IsType<Decision.Forward>(CallDecider.Decide(policy, Facts("alice", "demo", "ping", null) with { Teams = ["dev", "ops"] }));
        Assert.IsType<Decision.Refuse>(CallDecider.Decide(policy, Facts("alice", "demo", "ping", null)));
    }

    [Theory]
    [InlineData(ToolHold.Changed)]
    [InlineData(ToolHold.FirstSeen)]
    [InlineData(ToolHold.NeverListed)]
    [InlineData((ToolHold)99)]
    internal void A_withheld_tool_is_refused_even_where_it_is_allowed(ToolHold hold)
    {
        Assert.Equal(RefusalKind.Told, Refused(Policy(Allow()), Facts("alice", "demo", "tools/call", "echo") with { Hold = hold }).Kind);
        Assert.Equal(ToolHold.NeverListed, default);
        Assert.Equal(FirstTools.Hold, default);
    }

    [Fact]
    public void What_is_no_tool_does_not_exist_even_where_everything_is_allowed() =>
        Assert.Equal(RefusalKind.Hidden, Refused(Policy(Allow()), Facts("alice", "demo", "tools/call", ":instructions") with { Hold = ToolHold.Reserved }).Kind);

    [Fact]
    public void A_withheld_tool_that_no_rule_allows_stays_hidden() =>
        Assert.Equal(RefusalKind.Hidden, Refused(Policy(Allow() with { Tools = ["other"] }), Facts("alice", "demo", "tools/call", "echo") with { Hold = ToolHold.FirstSeen }).Kind);

    [Theory]
    [InlineData("tools/call", "echo")]
    [InlineData("tools/list", null)]
    [InlineData("initialize", null)]
    [InlineData("GET", null)]
    [InlineData(null, null)]
    public void Who_is_stopped_is_refused_where_it_was_allowed_and_told_why(string? method, string? tool)
    {
        var refused = Refused(Policy(Allow()), Facts("alice", "demo", method, tool) with { Restraint = Stopped });
        Assert.Equal(RefusalKind.Told, refused.Kind);
        Assert.Contains("It repeats itself.", refused.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("DELETE")]
    [InlineData("notifications/cancelled")]
    public void Who_is_stopped_may_still_end_what_it_began(string method) =>
        Assert.IsType<Decision.Forward>(CallDecider.Decide(Policy(Allow()), Facts("alice", "demo", method, null) with { Restraint = Stopped }));

    [Fact]
    public void A_stop_tells_nothing_of_tools_that_no_rule_allows() =>
        Assert.Equal(RefusalKind.Hidden, Refused(Policy(Allow() with { Tools = ["other"] }), Facts("alice", "demo", "tools/call", "echo") with { Restraint = Stopped }).Kind);

    [Fact]
    public void A_rule_for_labels_speaks_of_sessions_that_have_one()
    {
        var policy = Policy(Allow(), new RuleConfig { Id = "no-way-out", Effect = RuleEffect.Block, Tools = ["send_*"], Labels = ["flagged", "private-data"], Reason = "This session read an attack." });
        var facts = Facts("alice", "demo", "tools/call", "send_email");
        Assert.IsType<Decision.Forward>(CallDecider.Decide(policy, facts));
        Assert.IsType<Decision.Forward>(CallDecider.Decide(policy, facts with { Labels = ["can-send-out"] }));
        Assert.Equal(["no-way-out"], Refused(policy, facts with { Labels = ["flagged"] }).Rules);
    }

    [Fact]
    public void The_digest_of_a_policy_changes_with_every_part_that_decides()
    {
        var config = GatewayConfig.Empty with { Rules = [Allow()] };
        var changed = new[]
        {
            config, config with { AnonymousOnLoopback = true }, config with { Rules = [Allow() with { Tools = ["a"] }] }, config with { Rules = [Allow() with { Principals = ["a"] }] }, config with { Rules = [Allow() with { Labels = ["flagged"] }] },
            config with { Rules = [Allow() with { Effect = RuleEffect.Block }] }, config with { Servers = config.Servers.Add("a", GatewayHarness.ServerOf("a")) },
            config with { Servers = config.Servers.Add("a", GatewayHarness.ServerOf("a") with { FirstTools = FirstTools.Hold }) },
        };
        Assert.Equal(changed.Length, changed.Select(c => PolicySnapshot.Compile(c).Digest).Distinct().Count());
    }

    private static Restraint Stopped { get; } = new(new("alice", null, null), null, null, "It repeats itself.", null);

    private static RuleConfig Allow() => new() { Id = "allow", Effect = RuleEffect.Allow };

    private static CallFacts Facts(string principal, string server, string? method, string? tool) => new(principal, [], server, method, tool, ToolHold.None);

    private static Decision.Refuse Refused(PolicySnapshot policy, CallFacts facts) => Assert.IsType<Decision.Refuse>(CallDecider.Decide(policy, facts));

    private static PolicySnapshot Policy(params RuleConfig[] rules) =>
        PolicySnapshot.Compile(GatewayConfig.Empty with { Rules = [.. rules], Servers = GatewayConfig.Empty.Servers.Add("demo", GatewayHarness.ServerOf("demo")) });
}
