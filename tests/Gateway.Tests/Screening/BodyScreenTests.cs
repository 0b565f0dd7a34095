using System.Text;
using McpLedger.Detectors.Text;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Tests.Screening;

/// <summary>Looking through a body costs time and no memory.</summary>
public sealed class BodyScreenTests
{
    private static readonly ScreeningPolicy Policy = ScreeningPolicy.Compile(McpLedger.Gateway.Configuration.GatewayConfig.Empty with { Screening = new() })!;
    private readonly ScreeningDesk _desk = new(256 * 1024, new byte[32]);
    private readonly BodyScreen _bodies = new(new SecretMemory(TimeProvider.System), TimeProvider.System);

    [Fact]
    public async Task Clean_texts_are_read_and_searched_without_allocating()
    {
        var rules = new ScreeningRules(ServerTrust.Ordinary, Screened.Choices((ScreeningPlace.Results, ScreeningKind.Injection, ScreeningAction.Off)));
        byte[][] bodies = [.. Enumerable.Range(0, 50).Select(i => Body($"{i} {Screened.Letter}"))];

        // Code that the JIT has not optimised yet boxes what it later does not.
        await Eventually.TrueAsync(() => Allocated(bodies, rules) == 0);
    }

    [Fact]
    public async Task A_clean_text_that_was_scored_before_is_not_even_read_and_allocates_nothing()
    {
        byte[][] bodies = [Body(Screened.Letter)];
        var rules = new ScreeningRules(ServerTrust.Ordinary);
        Run(bodies[0], rules);
        _desk.Text.Read("[]"u8, TextChannel.Response);

        Run(bodies[0], rules);

        Assert.True(_desk.Notes.Scored!.IsKept);
        Assert.Equal(0, _desk.Text.Plain.Length);
        await Eventually.TrueAsync(() => Allocated(bodies, rules) == 0);
    }

    [Fact]
    public void What_is_clean_under_some_rules_is_looked_at_again_under_others()
    {
        var body = Body("write to ada@northwind.net");
        Run(body, new(ServerTrust.Ordinary));

        Run(body, new(ServerTrust.Ordinary, Screened.Choices((ScreeningPlace.Results, ScreeningKind.Contacts, ScreeningAction.Flag))));

        Assert.False(_desk.Notes.IsEmpty);
    }

    [Fact]
    public void A_desk_that_planned_more_edits_than_most_messages_need_is_not_used_again()
    {
        var desks = new ScreeningDesks(new byte[32]);
        var (small, large) = (desks.Rent(1024), desks.Rent(1024));
        for (var i = 0; i < 40_000; i++)
        {
            large.Masked.Add(i, 1, "[secret:gitlab-token:0123456789ab]"u8, "gitlab-token");
        }

        desks.Return(small);
        desks.Return(large);

        Assert.Same(small, desks.Rent(1024));
        Assert.NotSame(large, desks.Rent(1024));
    }

    private long Allocated(byte[][] bodies, ScreeningRules rules)
    {
        Array.ForEach(bodies, body => Run(body, rules));
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var body in bodies)
        {
            Run(body, rules);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    private void Run(byte[] body, ScreeningRules rules) =>
        _bodies.Run(_desk, body, new("$.result", ScreeningPlace.Results, TextChannel.Response, "demo", default, rules), Policy, stream: null, TimeProvider.System.GetTimestamp());

    private static byte[] Body(string text) => Encoding.UTF8.GetBytes($"{{\"content\":[{{\"type\":\"text\",\"text\":{System.Text.Json.JsonSerializer.Serialize(text)}}}]}}");
}
