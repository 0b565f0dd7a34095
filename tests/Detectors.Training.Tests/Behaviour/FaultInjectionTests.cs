using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Training.Behaviour;

namespace McpLedger.Detectors.Training.Tests.Behaviour;

public sealed class FaultInjectionTests
{
    [Fact]
    public void Every_fault_is_put_where_it_says_and_leaves_the_rest_of_the_run_alone()
    {
        var trace = new Trace("m", "s", Trace.Clean, [.. Enumerable.Range(0, 8).Select(i => (IReadOnlyList<TraceCall>)[new($"tool_{i}", System.Text.Encoding.UTF8.GetBytes($$"""{"n":{{i}},"text":"word {{i}}"}"""), $"result {i}", false)])]);
        foreach (var fault in FaultInjection.All)
        {
            var faulty = FaultInjection.Make(trace, fault, new(4))!;
            TraceCall[] calls = [.. faulty.Trace.Turns.SelectMany(turn => turn)];
            Assert.Equal(trace.Calls + 12, calls.Length);
            Assert.Equal(trace.Turns.SelectMany(turn => turn).Take(faulty.At), calls.Take(faulty.At));
            Assert.Equal(trace.Turns.SelectMany(turn => turn).Skip(faulty.At), calls.Skip(faulty.At + 12));
        }

        Assert.Null(FaultInjection.Make(trace with { Turns = trace.Turns.Take(1).ToArray() }, Fault.Cycle2, new(4)));
    }

    [Fact]
    public void The_shipped_model_opens_and_names_its_files()
    {
        var model = BehaviourModel.Open(BehaviourModel.ShippedFolder);
        Assert.True(model.HijackThreshold < model.HijackCertain);
        Assert.Equal(64, model.Digest.Length);
        Assert.True(model.Hijack.Probability(new float[SessionState.Features]) < model.HijackThreshold);
    }
}
