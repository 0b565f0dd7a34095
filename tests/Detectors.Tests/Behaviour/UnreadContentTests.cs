using McpLedger.Detectors.Behaviour;

namespace McpLedger.Detectors.Tests.Behaviour;

/// <summary>Messages whose bytes nobody could fetch: their size and digest are known all the same.</summary>
public sealed class UnreadContentTests
{
    private readonly BehaviourTracker _tracker = new(null, BehaviourLimits.Default);
    private readonly List<BehaviourSignal> _said = [];
    private int _number;

    [Fact]
    public void Calls_and_results_that_nobody_could_read_are_not_all_the_same()
    {
        for (byte i = 0; i < 12; i++)
        {
            Call("list_orders", arguments: i, result: (byte)(100 + i));
        }

        Assert.Empty(_said);
    }

    [Fact]
    public void The_same_call_again_and_again_is_a_loop_though_nobody_could_read_it()
    {
        for (var i = 0; i < 4; i++)
        {
            Call("list_orders", arguments: 7, result: 100);
        }

        Assert.Equal("identical", Assert.Single(_said).Rule);
    }

    [Fact]
    public void What_went_out_unread_went_out()
    {
        for (byte i = 0; i < 9; i++)
        {
            Call("send_email", arguments: i, result: (byte)(100 + i), size: 300 * 1024);
        }

        Assert.Contains(_said, signal => signal is { Kind: BehaviourKind.Exfiltration, Rule: "total" });
    }

    private void Call(string tool, byte arguments, byte result, long size = 40_000)
    {
        var call = new Guid(++_number, 0, 0, new byte[8]);
        var at = DateTimeOffset.UnixEpoch.AddSeconds(5 * _number);
        _said.AddRange(_tracker.OnCall(new()
        {
            Call = call, At = at, Session = "s", Agent = "a", Server = "demo", Tool = tool, Traits = ToolNames.Guess(tool), Unread = new() { Size = size, Digest = [arguments, 1, 2, 3] },
        }));
        _said.AddRange(_tracker.OnResult(new() { Call = call, At = at, Session = "s", Agent = "a", Unread = new() { Size = size, Digest = [result, 1, 2, 3] } }));
    }
}
