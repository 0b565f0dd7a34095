using System.Collections.Immutable;
using McpLedger.Gateway.Screening;
using static McpLedger.Gateway.Screening.ScreeningAction;
using static McpLedger.Gateway.Screening.ScreeningKind;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>Which of several levels holds.</summary>
public sealed class ScreeningRulesTests
{
    [Fact]
    public void What_stands_nearest_to_the_tool_holds_and_trust_says_the_rest()
    {
        var all = Screened.Choices((ScreeningPlace.Results, Injection, Refuse), (ScreeningPlace.Results, Secrets, Redact)) with { Budget = TimeSpan.FromSeconds(1) };
        var server = Screened.Choices((ScreeningPlace.Results, Injection, Flag)) with { OnCut = ScreeningLapse.Refuse };
        var rules = new ScreeningRules(ServerTrust.Trusted, all, server, Screened.Choices((ScreeningPlace.Results, Secrets, Off)));

        Assert.Equal((Flag, Off, Flag), (rules.Of(ScreeningPlace.Results, Injection), rules.Of(ScreeningPlace.Results, Secrets), rules.Of(ScreeningPlace.Results, Hidden)));
        Assert.Equal((TimeSpan.FromSeconds(1), ScreeningLapse.Refuse, ScreeningLapse.Release), (rules.BudgetFor(ScreeningPlace.Results), rules.OnCut, rules.OnTimeout));
    }

    [Fact]
    public void A_result_waits_for_the_second_stage_only_where_something_would_follow()
    {
        var flagged = new ScreeningRules(ServerTrust.Ordinary);
        var written = new ScreeningRules(ServerTrust.Ordinary, new ScreeningChoices { Budget = TimeSpan.FromSeconds(1) });

        Assert.Equal(TimeSpan.Zero, flagged.BudgetFor(ScreeningPlace.Results));
        Assert.All([ScreeningPlace.Arguments, ScreeningPlace.Definitions], place => Assert.NotEqual(TimeSpan.Zero, flagged.BudgetFor(place)));
        Assert.NotEqual(TimeSpan.Zero, new ScreeningRules(ServerTrust.Untrusted).BudgetFor(ScreeningPlace.Results));
        Assert.NotEqual(TimeSpan.Zero, new ScreeningRules(ServerTrust.Ordinary, new ScreeningChoices { OnTimeout = ScreeningLapse.Refuse }).BudgetFor(ScreeningPlace.Results));
        Assert.Equal(TimeSpan.FromSeconds(1), written.BudgetFor(ScreeningPlace.Results));
    }

    [Fact]
    public void The_strictest_of_several_lets_through_what_each_of_them_would()
    {
        var one = new ScreeningRules(ServerTrust.Trusted, Screened.Choices((ScreeningPlace.Results, Injection, Refuse)));
        var two = new ScreeningRules(ServerTrust.Trusted, Screened.Choices((ScreeningPlace.Results, Secrets, Redact)) with { Budget = TimeSpan.Zero, OnTimeout = ScreeningLapse.Refuse });
        var three = new ScreeningRules(ServerTrust.Trusted, Screened.Choices() with { Budget = TimeSpan.FromSeconds(1) });
        var all = ScreeningRules.Strictest([one, two, three]);

        Assert.Equal((Refuse, Redact, Flag), (all.Of(ScreeningPlace.Results, Injection), all.Of(ScreeningPlace.Results, Secrets), all.Of(ScreeningPlace.Results, Hidden)));
        Assert.Equal((ScreeningLapse.Refuse, ScreeningLapse.Release, TimeSpan.FromSeconds(1)), (all.OnTimeout, all.OnCut, all.BudgetFor(ScreeningPlace.Results)));
        Assert.Equal(one.BudgetFor(ScreeningPlace.Results), ScreeningRules.Strictest([one, two]).BudgetFor(ScreeningPlace.Results));
    }

    [Fact]
    public void What_could_not_be_screened_does_not_pass_where_nobody_said_otherwise() => Assert.Equal(ScreeningLapse.Refuse, new ScreeningRules(ServerTrust.Ordinary).OnFailure);

    [Fact]
    public void What_is_too_long_to_be_read_does_not_pass_from_a_server_that_nobody_trusts()
    {
        Assert.Equal(ScreeningLapse.Refuse, new ScreeningRules(ServerTrust.Untrusted).OnCut);
        Assert.Equal(ScreeningLapse.Release, new ScreeningRules(ServerTrust.Untrusted, new ScreeningChoices { OnCut = ScreeningLapse.Release }).OnCut);
        Assert.All([ServerTrust.Ordinary, ServerTrust.Trusted], trust => Assert.Equal(ScreeningLapse.Release, new ScreeningRules(trust).OnCut));
    }

    [Theory]
    [InlineData(ServerTrust.Ordinary)]
    [InlineData(ServerTrust.Trusted)]
    public void By_default_no_call_is_refused_and_no_value_is_replaced(ServerTrust trust)
    {
        var rules = new ScreeningRules(trust);

        foreach (var place in new[] { ScreeningPlace.Arguments, ScreeningPlace.Results })
        {
            Assert.All(Enum.GetValues<ScreeningKind>(), kind => Assert.True(rules.Of(place, kind) is Flag or Off or Strip));
        }
    }

    [Fact]
    public void Whoever_is_trusted_less_is_never_treated_better()
    {
        foreach (var place in Enum.GetValues<ScreeningPlace>())
        {
            Assert.All(Enum.GetValues<ScreeningKind>(), kind => Assert.True(
                new ScreeningRules(ServerTrust.Untrusted).Of(place, kind) <= new ScreeningRules(ServerTrust.Ordinary).Of(place, kind)
                && new ScreeningRules(ServerTrust.Ordinary).Of(place, kind) <= new ScreeningRules(ServerTrust.Trusted).Of(place, kind)));
        }
    }

    [Fact]
    public void Where_nothing_is_looked_for_nobody_looks()
    {
        var off = Enum.GetValues<ScreeningPlace>().SelectMany(place => Enum.GetValues<ScreeningKind>().Select(kind => (place, kind))).ToImmutableDictionary(each => each, _ => Off);
        var rules = new ScreeningRules(ServerTrust.Untrusted, new ScreeningChoices { Actions = off });

        Assert.All(Enum.GetValues<ScreeningPlace>(), place => Assert.False(rules.Looks(place)));
    }
}
