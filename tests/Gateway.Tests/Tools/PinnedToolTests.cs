using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Gateway.Tools;

namespace McpLedger.Gateway.Tests.Tools;

/// <summary>What the control log makes of a tool, event by event.</summary>
public sealed class PinnedToolTests
{
    private static readonly RawJson Content = RawJson.FromTrusted("{\"name\":\"echo\"}"u8.ToArray());
    private static readonly Digest First = Digest.Of("first"u8);
    private static readonly Digest Second = Digest.Of("second"u8);
    private static readonly Digest Third = Digest.Of("third"u8);

    [Theory]
    [InlineData(null)]
    [InlineData(true)]
    public void A_first_sight_that_comes_late_lifts_no_hold_and_takes_no_approval_back(bool? held)
    {
        var changed = PinnedTool.Of(Pinned(First)).After(Changed(Second, "high"));
        var approved = PinnedTool.Of(Pinned(First, by: "ada"));

        Assert.Equal((ToolHold.Changed, First), (changed.After(Pinned(Second, held)).Hold, changed.After(Pinned(Second, held)).Pinned));
        Assert.Equal((ToolHold.None, true), (approved.After(Pinned(First, held)).Hold, approved.After(Pinned(First, held)).IsApproved));
    }

    [Fact]
    public void An_approval_of_what_is_listed_no_more_lets_nothing_else_pass()
    {
        var tool = PinnedTool.Of(Pinned(First)).After(Changed(Second, "high")).After(Changed(Third, "high")).After(Pinned(Second, by: "ada"));

        Assert.Equal((ToolHold.Changed, Second, Third, false), (tool.Hold, tool.Pinned, tool.Seen, tool.IsSeenApproved));
        Assert.Equal(ToolHold.None, tool.After(Changed(Second, "none")).Hold);
        Assert.Equal(ToolHold.None, tool.After(Pinned(Third, by: "ada")).Hold);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_waits_as_new_or_marked_is_free_again_when_it_is_what_was_approved(bool isNew)
    {
        var hold = isNew ? ToolHold.FirstSeen : ToolHold.Marked;
        var tool = PinnedTool.Of(Pinned(First, held: isNew ? true : null));
        tool = isNew ? tool : tool.After(Found(First));
        tool = tool.After(Changed(Second, "low")).After(Pinned(First, by: "ada"));

        Assert.Equal(hold, tool.Hold);
        Assert.Equal(ToolHold.None, tool.After(Changed(First, "none")).Hold);
        Assert.Equal(hold, tool.After(Changed(Third, "low")).Hold);
    }

    [Fact]
    public void A_marked_change_that_was_withheld_already_goes_with_the_change()
    {
        var control = new McpLedger.Gateway.Control.ControlState(TimeSpan.MaxValue, TimeProvider.System);
        foreach (var data in new EventData[] { Pinned(First), Changed(Second, "high"), Found(Second) })
        {
            control.Apply(data, DateTimeOffset.UnixEpoch);
        }

        Assert.Equal(ToolHold.Changed, control.FindTool("demo", "echo")!.Hold);
        control.Apply(Changed(First, "none"), DateTimeOffset.UnixEpoch);
        Assert.Equal(ToolHold.None, control.FindTool("demo", "echo")!.Hold);
    }

    [Fact]
    public void An_approval_speaks_for_the_definition_that_it_was_of()
    {
        var tool = PinnedTool.Of(Pinned(First, by: "ada"));

        Assert.Equal((true, ToolHold.None), (tool.IsSeenApproved, tool.After(Found(First)).Hold));
        tool = tool.After(Changed(Second, "low"));
        Assert.Equal((false, ToolHold.None, ToolHold.Marked), (tool.IsSeenApproved, tool.Hold, tool.After(Found(Second)).Hold));
    }

    private static ToolPinned Pinned(Digest definition, bool? held = null, string? by = null) => new() { Server = "demo", Tool = "echo", Definition = definition, Content = Content, Held = held, ApprovedBy = by };

    private static ToolChanged Changed(Digest definition, string risk) => new() { Server = "demo", Tool = "echo", Previous = First, Definition = definition, Content = Content, Risk = risk, Changes = [] };

    private static FindingRaised Found(Digest text) => new()
    {
        Finding = McpLedger.Contracts.Events.EventId.New(TimeProvider.System), Detector = FindingDetectors.Definition, Severity = Severity.High, Server = "demo", Tool = "echo", Text = text, Explanation = "marks", Effects = [FindingEffects.Withheld],
    };
}
