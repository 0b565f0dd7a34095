namespace McpLedger.Detectors.Behaviour;

/// <summary>One session so far: watches, labels, and the vector that the model reads. Bounded, and one event costs the same however long the session is.</summary>
internal sealed class SessionState
{
    /// <summary>Numbers in the vector.</summary>
    public static readonly int Features = Enum.GetValues<BehaviourFeature>().Length;

    private readonly HashSet<ulong> _tools = [];
    private readonly float[] _features = new float[Features];
    private double _surprises;
    private int _results;
    private int _errors;
    private int _effects;
    private double _second;
    private double _third;

    public CallRing Ring { get; } = new();

    public LoopWatch Loop { get; } = new();

    public RateWatch Rate { get; } = new();

    public CostWatch Cost { get; } = new();

    public FlowWatch Flow { get; } = new();

    public BehaviourLabels Labels { get; private set; }

    /// <summary>What was said of the session and is not said again for now, with when it was said.</summary>
    public Dictionary<(BehaviourKind Kind, string? Rule, BehaviourLevel Level), DateTimeOffset> Said { get; } = [];

    public long OutboundBytes { get; private set; }

    public DateTimeOffset Last { get; private set; }

    private DateTimeOffset LastSuspicious { get; set; }

    private DateTimeOffset LastFlagged { get; set; }

    public ReadOnlySpan<float> Vector => _features;

    /// <summary>The last tool; zero at the beginning.</summary>
    private ulong LastTool { get; set; }

    public float this[BehaviourFeature feature]
    {
        get => _features[(int)feature];
        private set => _features[(int)feature] = value;
    }

    /// <summary>
    /// What was said long enough ago may be said again. Suspicious text stays with a session for good, and so does what follows from having read it: that takes another text.
    /// </summary>
    public void Rearm(DateTimeOffset at, BehaviourLimits limits)
    {
        foreach (var (said, since) in Said)
        {
            var isNew = said.Kind switch { BehaviourKind.Hijack => LastSuspicious > since, BehaviourKind.Trifecta => LastFlagged > since, _ => true };
            if (isNew && at - since >= limits.SayAgain(said.Kind))
            {
                Said.Remove(said);
            }
        }
    }

    /// <summary>Moves on by a call and gives what it is for the agent.</summary>
    public CallStep OnCall(scoped in ObservedCall call, AgentHabits habits)
    {
        Last = call.At > Last ? call.At : Last;
        var server = Hashing.Of(call.Server.AsSpan());
        var tool = Hashing.Mix(server, Hashing.Of(call.Tool.AsSpan()));
        var (isSink, hasEffect) = (call.Traits.HasFlag(ToolTraits.Sink), (call.Traits & (ToolTraits.Sink | ToolTraits.Effect)) != 0);
        var surprise = habits.IsGrown ? habits.Surprise(LastTool, tool) : 0;
        var wasGrown = habits.IsGrown;
        var novelty = habits.Learn(LastTool, tool, server, isSink);
        LastTool = tool;
        Ring.Add(new() { Call = call.Call, Tool = tool, Print = CallPrint.Of(tool, call), Traits = call.Traits, Bytes = call.Bytes });
        var loop = Loop.OnCall(Ring);
        var isBurst = Rate.OnCall(call.At, ref habits.Gap);
        Flow.OnCall(call.Arguments);
        var outbound = 0d;
        if (isSink)
        {
            OutboundBytes += call.Bytes;
            var log = Math.Log(1 + call.Bytes);
            outbound = habits.Outbound.Above(log, 20);
            habits.Outbound.Add(log);
        }

        Count(call, surprise, wasGrown ? novelty : default, tool, hasEffect, outbound);
        return new(loop, isBurst, wasGrown ? novelty : default, surprise, outbound);
    }

    /// <summary>Moves on by a result; the loop it completes, and what it costs.</summary>
    public (LoopRule Loop, CostRule Cost) OnResult(scoped in ObservedResult result, AgentHabits habits, BehaviourLimits limits)
    {
        Last = result.At > Last ? result.At : Last;
        var back = Ring.Find(result.Call);
        var (loop, traits, bytes) = (LoopRule.None, ToolTraits.None, result.Bytes);
        _results++;
        _errors += result.IsError ? 1 : 0;
        if (back > 0)
        {
            ref var entry = ref Ring.Back(back);
            entry.Result = result.Print | 1;
            entry.IsError = result.IsError;
            traits = entry.Traits;
            bytes += entry.Bytes;
            loop = Loop.OnResult(Ring, back);
        }

        var cost = Cost.OnCall(bytes, result.At, ref habits.Tokens, limits);
        Flow.OnResult(result);
        Label(traits, result.IsFlagged);
        Read(result);
        this[BehaviourFeature.StandstillRun] = Loop.StandstillRun;
        this[BehaviourFeature.Errors] = Loop.Errors;
        this[BehaviourFeature.ErrorShare] = (float)_errors / _results;
        this[BehaviourFeature.Tokens] = (float)Math.Log(1 + Cost.Tokens);
        this[BehaviourFeature.TokensAbove] = (float)Cost.Above;
        this[BehaviourFeature.TokenSlope] = (float)Cost.Slope;
        return (loop, cost);
    }

    /// <summary>Moves on by text that is no call's result.</summary>
    public void OnMessage(scoped in ObservedResult message)
    {
        Last = message.At > Last ? message.At : Last;
        Flow.OnResult(message);
        Label(ToolTraits.None, message.IsFlagged);
        Read(message);
    }

    private void Label(ToolTraits traits, bool isFlagged)
    {
        Labels |= (traits.HasFlag(ToolTraits.UntrustedSource) ? BehaviourLabels.UntrustedContent : 0)
            | (traits.HasFlag(ToolTraits.PrivateSource) ? BehaviourLabels.PrivateData : 0)
            | (isFlagged ? BehaviourLabels.Flagged : 0);
        this[BehaviourFeature.Trifecta] = System.Numerics.BitOperations.PopCount((uint)(Labels & ~BehaviourLabels.Flagged));
    }

    private void Count(scoped in ObservedCall call, double surprise, Novelty novelty, ulong tool, bool hasEffect, double outbound)
    {
        const int MaxTools = 256;
        if (_tools.Count < MaxTools)
        {
            _tools.Add(tool);
        }

        _surprises += surprise;
        _effects += hasEffect ? 1 : 0;
        Labels |= call.Traits.HasFlag(ToolTraits.Sink) ? BehaviourLabels.CanSendOut : 0;
        this[BehaviourFeature.Calls] = (float)Math.Log(1 + Ring.Count);
        this[BehaviourFeature.ExactRun] = Loop.ExactRun;
        this[BehaviourFeature.Period] = Loop.ExactRun == 0 ? 0 : Loop.Period;
        this[BehaviourFeature.Often] = Loop.Often;
        this[BehaviourFeature.BurstSum] = (float)Rate.Sum;
        this[BehaviourFeature.Rate] = (float)Math.Log(1 + Rate.PerSecond);
        this[BehaviourFeature.Surprise] = (float)surprise;
        this[BehaviourFeature.MeanSurprise] = (float)(_surprises / Ring.Count);
        Raise(BehaviourFeature.MaxSurprise, surprise);
        this[BehaviourFeature.NewTools] += novelty.Tool ? 1 : 0;
        this[BehaviourFeature.NewSinks] += novelty.Sink ? 1 : 0;
        this[BehaviourFeature.DistinctTools] = _tools.Count;
        this[BehaviourFeature.EffectShare] = (float)_effects / Ring.Count;
        Raise(BehaviourFeature.ProvenanceShare, Flow.Share);
        Raise(BehaviourFeature.ProvenanceWeight, Flow.Weight);
        this[BehaviourFeature.Trifecta] = System.Numerics.BitOperations.PopCount((uint)(Labels & ~BehaviourLabels.Flagged));
        this[BehaviourFeature.Outbound] = (float)Math.Log(1 + OutboundBytes);
        this[BehaviourFeature.OutboundAbove] = (float)outbound;
        if (hasEffect)
        {
            Raise(BehaviourFeature.EffectProvenanceWeight, Flow.Weight);
            Raise(BehaviourFeature.EffectTaint, Flow.Taint);
        }

        if (this[BehaviourFeature.MaxTail] > 0)
        {
            this[BehaviourFeature.CallsSinceTail]++;
            this[BehaviourFeature.EffectsSinceTail] += hasEffect ? 1 : 0;
            Raise(BehaviourFeature.SurpriseSinceTail, surprise);
        }
        else
        {
            this[BehaviourFeature.CallsSinceTail] = -1;
        }
    }

    private void Read(scoped in ObservedResult result)
    {
        var tail = result.Tail;
        LastSuspicious = tail >= FlowWatch.Suspicious ? result.At : LastSuspicious;
        LastFlagged = result.IsFlagged ? result.At : LastFlagged;
        this[BehaviourFeature.FlaggedResults] += result.IsFlagged ? 1 : 0;
        var first = (double)this[BehaviourFeature.MaxTail];
        if (tail > first)
        {
            (_second, _third) = (first, _second);
            this[BehaviourFeature.MaxTail] = (float)tail;
            this[BehaviourFeature.CallsSinceTail] = 0;
            this[BehaviourFeature.EffectsSinceTail] = 0;
            this[BehaviourFeature.SurpriseSinceTail] = 0;
        }
        else if (tail > _second)
        {
            (_second, _third) = (tail, _second);
        }
        else if (tail > _third)
        {
            _third = tail;
        }

        this[BehaviourFeature.TopTails] = (float)(this[BehaviourFeature.MaxTail] + _second + _third);
    }

    private void Raise(BehaviourFeature feature, double value) => this[feature] = Math.Max(this[feature], (float)value);
}

/// <summary>What one call is for a session and its agent.</summary>
internal readonly record struct CallStep(LoopRule Loop, bool IsBurst, Novelty Novelty, double Surprise, double OutboundAbove);
