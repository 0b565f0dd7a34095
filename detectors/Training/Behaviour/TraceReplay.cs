using System.Buffers.Binary;
using McpLedger.Detectors.Behaviour;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>Lets a tracker see a run as the pipeline would have seen it: calls and results, nothing that the user or the model said.</summary>
internal sealed class TraceReplay(ResultScores scores, BehaviourModel? model, BehaviourLimits limits)
{
    private const string Session = "s";
    private const string Agent = "a";

    /// <summary>Replays a run.</summary>
    /// <param name="trace">The run.</param>
    /// <param name="habits">What the agent is used to; not changed.</param>
    /// <param name="seed">Seed of the time between calls, which runs do not tell.</param>
    /// <param name="pace">Factor on that time from call <paramref name="from"/> on.</param>
    /// <param name="from">First call that the factor concerns.</param>
    public ReplayedRun Run(Trace trace, AgentHabits habits, ulong seed, double pace = 1, int from = int.MaxValue)
    {
        var tracker = new BehaviourTracker(model, limits);
        tracker.Know(Agent, habits.Copy());
        return Run(tracker, trace, seed, pace, from);
    }

    private ReplayedRun Run(BehaviourTracker tracker, Trace trace, ulong seed, double pace, int from)
    {
        var run = new ReplayedRun();
        var dice = new Dice(seed);
        var at = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);
        var number = 0;
        foreach (var turn in trace.Turns)
        {
            var first = number;
            foreach (var call in turn)
            {
                at += TimeSpan.FromSeconds(Gap(dice) * (number >= from ? pace : 1));
                var signals = tracker.OnCall(new()
                {
                    Call = IdOf(number), At = at, Session = Session, Agent = Agent, Server = trace.Suite, Tool = call.Tool, Traits = ToolNames.Guess(call.Tool), Arguments = call.Arguments,
                });
                run.Add(number++, signals, tracker.Of(null, Session, at));
            }

            for (var i = 0; i < turn.Count; i++)
            {
                var scored = scores.Of(turn[i].Result);
                var signals = tracker.OnResult(new()
                {
                    Call = IdOf(first + i), At = at, Session = Session, Agent = Agent, IsError = turn[i].IsError, Content = scored.Bytes, Tail = scored.Tail, IsFlagged = scored.IsFlagged, Suspicious = scored.Suspicious,
                });
                run.Add(first + i, signals, tracker.Of(null, Session, at));
            }
        }

        return run;
    }

    /// <summary>What an agent is used to after these runs.</summary>
    public AgentHabits Habits(IEnumerable<Trace> traces)
    {
        var habits = new AgentHabits();
        var seed = 1000UL;
        foreach (var trace in traces)
        {
            var tracker = new BehaviourTracker(null, limits);
            tracker.Know(Agent, habits);
            Run(tracker, trace, seed++, 1, int.MaxValue);
        }

        return habits;
    }

    // Seconds between two calls of a model that thinks: some three, sometimes ten.
    private static double Gap(Dice dice) => Math.Exp(1.1 + (0.7 * (dice.Share() + dice.Share() + dice.Share() - 1.5) * 2));

    private static Guid IdOf(int number)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number + 1);
        return new(bytes);
    }
}

/// <summary>What a tracker made of a run: the vector after every event, and the signals.</summary>
internal sealed class ReplayedRun
{
    private readonly List<(int Call, float[] Vector)> _rows = [];
    private readonly List<(int Call, BehaviourSignal Signal)> _signals = [];

    public IReadOnlyList<(int Call, float[] Vector)> Rows => _rows;

    public IReadOnlyList<(int Call, BehaviourSignal Signal)> Signals => _signals;

    public void Add(int call, IReadOnlyList<BehaviourSignal> signals, SessionState state)
    {
        _rows.Add((call, state.Vector.ToArray()));
        _signals.AddRange(signals.Select(signal => (call, signal)));
    }
}
