using System.Globalization;

namespace McpLedger.Detectors.Behaviour;

/// <summary>Turns what the watches of a session see into signals, each once until it is over, or as long as <see cref="BehaviourLimits.SayAgain"/> says.</summary>
internal readonly struct SignalRules(SessionState session, DateTimeOffset at, List<BehaviourSignal> signals)
{
    private const double Odd = 6;
    private const double ManyAbove = 4;
    private const int FewSinks = 8;
    private const int HighRun = 8;
    private const double StrongProvenance = 2;
    private const string ByModel = "model";

    public void Loop(LoopRule rule)
    {
        var watch = session.Loop;
        var run = Math.Max(Math.Max(watch.ExactRun, watch.StandstillRun), rule == LoopRule.Retries ? watch.Errors : 0);
        if (rule == LoopRule.None)
        {
            if (run == 0 && watch.Often < 2)
            {
                foreach (var said in session.Said.Keys.Where(static said => said.Kind == BehaviourKind.Loop && said.Rule != ByModel))
                {
                    session.Said.Remove(said);
                }
            }

            return;
        }

        // What is told of a loop is that it is there, and once more that it does not stop.
        var level = run >= HighRun ? BehaviourLevel.High : BehaviourLevel.Medium;
        if (session.Said.Keys.Any(said => said.Kind == BehaviourKind.Loop && said.Rule != ByModel && said.Level >= level))
        {
            return;
        }

        var (name, text, threshold) = rule switch
        {
            LoopRule.Identical => ("identical", Format($"The same call with the same arguments, {run + 1} times in a row."), LoopWatch.Repeats),
            LoopRule.Cycle => ("cycle", Format($"{Math.Max(2, watch.Period)} calls in turn; {run} calls in a row repeat the round before."), LoopWatch.CycleRepeats),
            LoopRule.NoProgress => ("no-progress", Format($"Nearly the same call {run + 1} times in a row, and always the same result."), LoopWatch.Repeats),
            LoopRule.Often => ("often", Format($"The same call {watch.Often} times among the last twenty."), LoopWatch.OftenInTwenty),
            _ => ("retries", Format($"One tool has failed {watch.Errors} times in a row."), LoopWatch.Retries),
        };
        Say(BehaviourKind.Loop, name, level, run, threshold, text, Math.Min(run, CallRing.Size - 1));
    }

    public void Burst(bool isBurst)
    {
        if (isBurst)
        {
            Say(BehaviourKind.Burst, null, BehaviourLevel.Medium, session.Rate.Sum, RateWatch.Alarm, Format($"{session.Rate.PerSecond:0.#} calls a second, far faster than this agent's calls are."), 8);
        }
        else if (session.Rate.Sum == 0)
        {
            session.Said.Remove((BehaviourKind.Burst, null, BehaviourLevel.Medium));
        }
    }

    public void Cost(CostRule rule, BehaviourLimits limits)
    {
        var watch = session.Cost;
        switch (rule)
        {
            case CostRule.Growth:
                Say(BehaviourKind.Cost, "growth", BehaviourLevel.Medium, watch.Slope, CostWatch.Steep, Format($"Tokens grow by {100 * (Math.Exp(watch.Slope) - 1):0} % from call to call; some {watch.Tokens:0} so far."), 7);
                break;
            case CostRule.Forecast when limits.SessionTokens is { } budget:
                var left = watch.Forecast(budget, at) ?? TimeSpan.Zero;
                Say(BehaviourKind.Cost, "forecast", BehaviourLevel.Medium, watch.Tokens, budget, Format($"Some {watch.Tokens:0} of {budget:0} tokens are spent; at this pace the rest is in {left.TotalMinutes:0.#} minutes."), 0);
                break;
            case CostRule.Spent when limits.SessionTokens is { } most:
                Say(BehaviourKind.Cost, "spent", BehaviourLevel.High, watch.Tokens, most, Format($"Some {watch.Tokens:0} tokens, and {most:0} is what a session may cost."), 0);
                break;
            default:
                break;
        }
    }

    // Habits tell each tool and each server once: the second new one is as new as the first.
    public void FirstUse(Novelty novelty)
    {
        if (novelty.Sink)
        {
            // Names are the caller's: who makes them up uses up no measure of what is high.
            var isTelling = session.Labels.HasFlag(BehaviourLabels.Flagged) && session[BehaviourFeature.NewSinks] <= FewSinks;
            Add(BehaviourKind.FirstUse, "sink", isTelling ? BehaviourLevel.High : BehaviourLevel.Low, 1, 1, "The agent never before used this tool, which can send something out.", 0);
        }
        else if (novelty.Server)
        {
            Add(BehaviourKind.FirstUse, "server", BehaviourLevel.Low, 1, 1, "The agent never before used this server.", 0);
        }
        else if (novelty.Tool)
        {
            Add(BehaviourKind.FirstUse, "tool", BehaviourLevel.Low, 1, 1, "The agent never before used this tool.", 0);
        }
    }

    public void Sequence(double surprise)
    {
        if (surprise > Odd)
        {
            Say(BehaviourKind.Sequence, null, BehaviourLevel.Low, surprise, Odd, Format($"This step follows the one before about once in {Math.Exp(surprise):0} times for this agent."), 1);
        }
    }

    public void Outbound(double above, long most)
    {
        if (session.OutboundBytes > most && above > ManyAbove)
        {
            Say(BehaviourKind.Exfiltration, "volume", BehaviourLevel.High, above, ManyAbove, Format($"{session.OutboundBytes} bytes went to tools that send out; this call is {above:0.#} deviations above the agent's usual."), 8);
        }
        else if (session.OutboundBytes > most * 8)
        {
            Say(BehaviourKind.Exfiltration, "total", BehaviourLevel.Medium, session.OutboundBytes, most * 8, Format($"{session.OutboundBytes} bytes went to tools that send out in one session."), 8);
        }
    }

    public void Trifecta()
    {
        const BehaviourLabels all = BehaviourLabels.UntrustedContent | BehaviourLabels.PrivateData | BehaviourLabels.CanSendOut;
        if ((session.Labels & all) == all)
        {
            // Without an attack they meet in every other session of an office agent: worth a label, not a look.
            var isFlagged = session.Labels.HasFlag(BehaviourLabels.Flagged);
            Say(
                BehaviourKind.Trifecta, null, isFlagged ? BehaviourLevel.Medium : BehaviourLevel.Low, 3, 3,
                isFlagged ? "Untrusted content that looks like an attack, private data and a way out meet in one session." : "Untrusted content, private data and a way out meet in one session.", 8);
        }
    }

    public void Provenance(ToolTraits traits)
    {
        var weight = session.Flow.Weight;
        if (weight >= StrongProvenance && session.Labels.HasFlag(BehaviourLabels.Flagged) && (traits & (ToolTraits.Sink | ToolTraits.Effect)) != 0)
        {
            Say(
                BehaviourKind.Provenance, null, traits.HasFlag(ToolTraits.Sink) ? BehaviourLevel.High : BehaviourLevel.Medium, weight, StrongProvenance,
                Format($"{100 * session.Flow.Share:0} % of an argument stand in text that looks like an attack, and were not the agent's before."), 4);
        }
    }

    public void Model(BehaviourModel? model)
    {
        if (model is null)
        {
            return;
        }

        // Without a suspicious text there is nobody to follow.
        if (session[BehaviourFeature.MaxTail] >= FlowWatch.Suspicious && model.Hijack.Probability(session.Vector) is var hijacked && hijacked >= model.HijackThreshold)
        {
            Say(
                BehaviourKind.Hijack, null, hijacked >= model.HijackCertain ? BehaviourLevel.High : BehaviourLevel.Medium, hijacked, model.HijackThreshold,
                Format($"What the agent read and does together look like an agent that follows somebody else's instructions (probability {hijacked:0.00})."), 8, isModel: true);
        }

        if (model.Runaway.Probability(session.Vector) is var away && away >= model.RunawayThreshold)
        {
            Say(BehaviourKind.Loop, ByModel, BehaviourLevel.Medium, away, model.RunawayThreshold, Format($"Repeats, errors, pace and cost together look like an agent that makes no headway (probability {away:0.00})."), 8, isModel: true);
        }
    }

    private void Say(BehaviourKind kind, string? rule, BehaviourLevel level, double value, double threshold, string explanation, int calls, bool isModel = false)
    {
        if (session.Said.TryAdd((kind, rule, level), at))
        {
            Add(kind, rule, level, value, threshold, explanation, calls, isModel);
        }
    }

    private void Add(BehaviourKind kind, string? rule, BehaviourLevel level, double value, double threshold, string explanation, int calls, bool isModel = false) =>
        signals.Add(new(kind, rule, level, value, threshold, isModel, explanation, CallsBefore(calls)));

    private Guid[] CallsBefore(int most)
    {
        var calls = new Guid[Math.Clamp(session.Ring.Kept - 1, 0, most)];
        for (var i = 0; i < calls.Length; i++)
        {
            calls[i] = session.Ring.Back(calls.Length - i + 1).Call;
        }

        return calls;
    }

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
