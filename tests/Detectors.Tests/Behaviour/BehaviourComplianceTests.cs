using System.Globalization;
using McpLedger.Detectors.Behaviour;

namespace McpLedger.Detectors.Tests.Behaviour;

/// <summary>Arguments and results that are any bytes at all.</summary>
public sealed class BehaviourComplianceTests : DetectorCompliance
{
    protected override string Answer(ReadOnlySpan<byte> input)
    {
        var tracker = new BehaviourTracker(null, BehaviourLimits.Default with { SessionTokens = 1_000 });
        var at = DateTimeOffset.UnixEpoch;
        List<string> said = [];
        for (var i = 1; i <= 6; i++)
        {
            var call = new Guid(i, 0, 0, new byte[8]);
            at += TimeSpan.FromSeconds(1);
            Add(said, tracker.OnCall(new() { Call = call, At = at, Session = "s", Agent = "a", Server = "x", Tool = "send", Traits = ToolTraits.Sink, Arguments = input }));
            Add(said, tracker.OnResult(new() { Call = call, At = at, Session = "s", Agent = "a", Content = input, Tail = i, IsFlagged = i > 3, Suspicious = input }));
        }

        return string.Join('\n', said);
    }

    private static void Add(List<string> said, IReadOnlyList<BehaviourSignal> signals) =>
        said.AddRange(signals.Select(signal => string.Create(CultureInfo.InvariantCulture, $"{signal.Kind} {signal.Rule} {signal.Value:R} {signal.Explanation}")));
}
