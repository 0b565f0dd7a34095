namespace McpLedger.Detectors.Behaviour;

/// <summary>Tells an agent that goes in circles: the same calls, or nearly the same with the same results, one after the other or in a cycle.</summary>
internal sealed class LoopWatch
{
    /// <summary>Longest cycle that is seen.</summary>
    public const int MaxPeriod = 8;

    /// <summary>Repeats from which it is a loop: the fourth call in a row that repeats an earlier one.</summary>
    public const int Repeats = 3;

    /// <summary>The same where a cycle has more than one call: so many calls in a row repeat what stands one period before.</summary>
    public const int CycleRepeats = 4;

    /// <summary>Repeats of a call whose results differ each time: somebody waits for something.</summary>
    public const int PollingRepeats = 24;

    /// <summary>Times that one call stands among the last twenty.</summary>
    public const int OftenInTwenty = 8;

    /// <summary>Errors of one tool in a row.</summary>
    public const int Retries = 8;

    private const int Recent = 20;
    private readonly int[] _exact = new int[MaxPeriod + 1];
    private readonly int[] _standstill = new int[MaxPeriod + 1];

    /// <summary>The longest run of exact repeats over all periods.</summary>
    public int ExactRun { get; private set; }

    /// <summary>The longest run of near repeats with the same result over all periods.</summary>
    public int StandstillRun { get; private set; }

    /// <summary>The period of the longest run.</summary>
    public int Period { get; private set; }

    /// <summary>How often the present call stands among the last twenty.</summary>
    public int Often { get; private set; }

    /// <summary>Errors of the same tool in a row.</summary>
    public int Errors { get; private set; }

    /// <summary>Looks at the call that was just added.</summary>
    public LoopRule OnCall(CallRing ring)
    {
        ref var last = ref ring.Back(1);
        ExactRun = 0;
        for (var period = 1; period <= MaxPeriod; period++)
        {
            _exact[period] = ring.Kept > period && ring.Back(period + 1).Print.Exact == last.Print.Exact ? _exact[period] + 1 : 0;
            if (_exact[period] > ExactRun)
            {
                (ExactRun, Period) = (_exact[period], period);
            }
        }

        Often = 0;
        for (var back = 1; back <= Math.Min(Recent, ring.Kept); back++)
        {
            Often += ring.Back(back).Print.Exact == last.Print.Exact ? 1 : 0;
        }

        return Rule(ring);
    }

    /// <summary>Looks at the result that just came for the call <paramref name="back"/> steps ago.</summary>
    public LoopRule OnResult(CallRing ring, int back)
    {
        ref var entry = ref ring.Back(back);
        Errors = entry.IsError && (Errors == 0 || back >= ring.Kept || ring.Back(back + 1).Tool == entry.Tool) ? Errors + 1 : entry.IsError ? 1 : 0;
        for (var period = 1; period <= MaxPeriod; period++)
        {
            var repeats = back + period <= ring.Kept && ring.Back(back + period) is var earlier && earlier.Result == entry.Result && earlier.Print.IsNear(entry.Print);
            entry.Standstills |= repeats ? 1u << period : 0;
        }

        StandstillRun = 0;
        for (var period = 1; period <= MaxPeriod; period++)
        {
            _standstill[period] = RunOf(ring, back, period);
            if (_standstill[period] > StandstillRun)
            {
                StandstillRun = _standstill[period];
            }
        }

        return Standstill() ?? (Errors >= Retries ? LoopRule.Retries : LoopRule.None);
    }

    // Results of calls made side by side come in any order, so the run is counted where the calls stand.
    private static int RunOf(CallRing ring, int back, int period)
    {
        var run = 0;
        while (back + run <= ring.Kept && run < CallRing.Size && (ring.Back(back + run).Standstills & (1u << period)) != 0)
        {
            run++;
        }

        return run;
    }

    private LoopRule? Standstill()
    {
        for (var period = 1; period <= MaxPeriod; period++)
        {
            if (_standstill[period] >= Needed(period))
            {
                return period == 1 ? LoopRule.NoProgress : LoopRule.Cycle;
            }
        }

        return null;
    }

    private LoopRule Rule(CallRing ring)
    {
        for (var period = 1; period <= MaxPeriod; period++)
        {
            // The shortest period decides. Where results are known and differ, the agent polls: that may go on for longer.
            if (_exact[period] >= Needed(period))
            {
                return ChangesBetween(ring, period) && _exact[period] < PollingRepeats ? LoopRule.None : period == 1 ? LoopRule.Identical : LoopRule.Cycle;
            }
        }

        return Often >= OftenInTwenty && ExactRun == 0 ? LoopRule.Often : LoopRule.None;
    }

    private static int Needed(int period) => period == 1 ? Repeats : Math.Max(CycleRepeats, period);

    private static bool ChangesBetween(CallRing ring, int period) =>
        (2 * period) + 1 <= ring.Kept && ring.Back(1 + period) is { Result: not 0 } one && ring.Back(1 + (2 * period)) is { Result: not 0 } two
        && one.Print.Exact == two.Print.Exact && one.Result != two.Result;
}

/// <summary>How an agent goes in circles.</summary>
internal enum LoopRule
{
    None = 0,

    /// <summary>The same call again and again.</summary>
    Identical = 1,

    /// <summary>Several calls in turn.</summary>
    Cycle = 2,

    /// <summary>Nearly the same calls that bring the same result.</summary>
    NoProgress = 3,

    /// <summary>One call many times among others.</summary>
    Often = 4,

    /// <summary>One tool that fails again and again.</summary>
    Retries = 5,
}
