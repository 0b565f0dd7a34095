using McpLedger.Detectors.Behaviour;

namespace McpLedger.Detectors.Tests.Behaviour;

public sealed class LoopTests
{
    [Theory]
    [InlineData("identical", new[] { "a" }, 4)]
    [InlineData("cycle", new[] { "a", "b" }, 6)]
    [InlineData("cycle", new[] { "a", "b", "c" }, 7)]
    public void A_loop_is_told_within_four_repeated_calls_and_once(string rule, string[] tools, int atCall)
    {
        var agent = NewAgent();
        for (var i = 0; i < 7; i++)
        {
            agent.Call(tools[i % tools.Length], """{"q":"x"}""", $"result of {tools[i % tools.Length]}");
            var loops = agent.Said.Where(signal => signal.Kind == BehaviourKind.Loop).ToArray();
            Assert.Equal(agent.Calls >= atCall, loops.Length == 1);
        }

        Assert.Equal((rule, BehaviourLevel.Medium), (agent.Said[^1].Rule, agent.Said[^1].Level));
    }

    [Fact]
    public void A_loop_that_does_not_stop_matters_more()
    {
        var agent = NewAgent();
        for (var i = 0; i < 40; i++)
        {
            agent.Call("a");
        }

        Assert.Equal([BehaviourLevel.Medium, BehaviourLevel.High], agent.Said.Where(signal => signal.Kind == BehaviourKind.Loop).Select(signal => signal.Level));
    }

    [Fact]
    public void The_same_under_other_names_of_members_orders_and_letters_is_the_same()
    {
        var agent = NewAgent();
        agent.Call("search", """{"query":"Blue Shoes","page":1}""", "nothing");
        agent.Call("search", """{"page":2,"query":"blue shoes."}""", "nothing");
        agent.Call("search", """{"page":3,"query":" BLUE shoes"}""", "nothing");
        Assert.Empty(agent.Said.Where(signal => signal.Kind == BehaviourKind.Loop));
        Assert.Equal("no-progress", Assert.Single(agent.Call("search", """{"query":"blue  shoes","page":4}""", "nothing"), signal => signal.Kind == BehaviourKind.Loop).Rule);
    }

    [Fact]
    public void Turning_pages_and_waiting_for_a_change_are_no_loops()
    {
        var agent = NewAgent();
        for (var i = 0; i < 20; i++)
        {
            agent.Call("list", $$"""{"page":{{i}}}""", $"page {i}");
        }

        for (var i = 0; i < 15; i++)
        {
            agent.Call("get_status", """{"job":7}""", $"{i} percent");
        }

        Assert.Empty(agent.Said.Where(signal => signal.Kind == BehaviourKind.Loop && !(signal.Rule == "often")));
    }

    [Fact]
    public void Who_sends_to_many_is_in_no_loop()
    {
        var agent = NewAgent();
        foreach (var name in new[] { "ann", "ben", "cleo", "dan", "eva", "finn", "gus" })
        {
            agent.Call("send_email", $$"""{"to":"{{name}}@example.com","body":"Lunch is at noon."}""", "sent");
        }

        Assert.Empty(agent.Said.Where(signal => signal.Kind == BehaviourKind.Loop));
    }

    [Fact]
    public void After_a_loop_has_ended_the_next_one_is_told_again()
    {
        var agent = NewAgent();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 5; i++)
            {
                agent.Call("a");
            }

            for (var i = 0; i < 70; i++)
            {
                agent.Call("other", $$"""{"word":"{{new string((char)('a' + (i % 26)), 3 + (i / 26))}}"}""", $"{i}");
            }
        }

        Assert.Equal(2, agent.Said.Count(signal => signal is { Kind: BehaviourKind.Loop, Rule: "identical" }));
    }

    [Theory]
    [InlineData("""{"add":["bug"]}""", """{"remove":["bug"]}""")]
    [InlineData("""{"add":[["bug"]]}""", """{"remove":[["bug"]]}""")]
    [InlineData("""{"add":[{"label":"bug"}]}""", """{"remove":[{"label":"bug"}]}""")]
    [InlineData("""{"a":{"b":1},"c":["x"]}""", """{"a":{"b":1},"d":["x"]}""")]
    [InlineData("""{"edits":[{"old":"x","new":"y"},{"old":"y","new":"x"}]}""", """{"edits":[{"old":"x","new":"x"},{"old":"y","new":"y"}]}""")]
    [InlineData("""["up","down"]""", """["down","up"]""")]
    public void Other_names_and_places_of_what_stands_in_arrays_make_another_call(string one, string other)
    {
        var (first, second) = (CallPrint.Of(7, System.Text.Encoding.UTF8.GetBytes(one)), CallPrint.Of(7, System.Text.Encoding.UTF8.GetBytes(other)));

        Assert.NotEqual(first.Exact, second.Exact);
        Assert.False(first.IsNear(second));
    }

    [Fact]
    public void The_order_of_members_makes_no_other_call_in_arrays_either() =>
        Assert.Equal(CallPrint.Of(7, """{"l":[{"a":1,"b":[2,3]},4],"z":5}"""u8), CallPrint.Of(7, """{"z":5,"l":[{"b":[2,3],"a":1},4]}"""u8));

    private static Agent NewAgent() => new(new(null, BehaviourLimits.Default));
}
