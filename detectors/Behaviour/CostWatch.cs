namespace McpLedger.Detectors.Behaviour;

/// <summary>Tokens of a session, by the rule of thumb of four bytes each: how they grow, and when they will have spent what a session may cost.</summary>
internal sealed class CostWatch
{
    /// <summary>Growth of tokens from call to call, as a logarithm, from which it is a blow-up: half as much again each time.</summary>
    public const double Steep = 0.4;

    private const int Window = 8;
    private const int BytesPerToken = 4;
    private const double Large = 8_000;
    private readonly double[] _logs = new double[Window];
    private int _count;
    private DateTimeOffset _began;

    /// <summary>Tokens so far.</summary>
    public double Tokens { get; private set; }

    /// <summary>Median slope of the logarithm of tokens a call over the last eight (Theil and Sen).</summary>
    public double Slope { get; private set; }

    /// <summary>Standard deviations of the last call's tokens above the agent's usual.</summary>
    public double Above { get; private set; }

    /// <summary>Moves on by a call's bytes, arguments and result together.</summary>
    public CostRule OnCall(long bytes, DateTimeOffset at, ref Average habit, BehaviourLimits limits)
    {
        _began = _count == 0 ? at : _began;
        var tokens = (double)bytes / BytesPerToken;
        var log = Math.Log(1 + tokens);
        Above = habit.Above(log, 20);
        habit.Add(log);
        _logs[_count++ % Window] = log;
        Tokens += tokens;
        Slope = _count < Window ? 0 : MedianSlope();
        return limits.SessionTokens is { } most && Tokens > most ? CostRule.Spent
            : limits.SessionTokens is { } budget && Forecast(budget, at) is { } left && left < limits.ForecastHorizon ? CostRule.Forecast
            : Slope > Steep && tokens > Large ? CostRule.Growth
            : CostRule.None;
    }

    /// <summary>When the budget will be spent at the pace so far; null while it is far or unknown.</summary>
    public TimeSpan? Forecast(double budget, DateTimeOffset at)
    {
        var elapsed = (at - _began).TotalSeconds;
        return Tokens < budget / 2 || elapsed < 1 ? null : TimeSpan.FromSeconds(Math.Min(1e9, (budget - Tokens) / (Tokens / elapsed)));
    }

    private double MedianSlope()
    {
        Span<double> slopes = stackalloc double[Window * (Window - 1) / 2];
        var n = 0;
        for (var i = 0; i < Window; i++)
        {
            for (var j = i + 1; j < Window; j++)
            {
                slopes[n++] = (At(j) - At(i)) / (j - i);
            }
        }

        slopes.Sort();
        return slopes[n / 2];
    }

    private double At(int index) => _logs[(_count + index) % Window];
}

/// <summary>How a session costs too much.</summary>
internal enum CostRule
{
    None = 0,

    /// <summary>Each call brings much more than the one before.</summary>
    Growth = 1,

    /// <summary>The budget will be spent soon.</summary>
    Forecast = 2,

    /// <summary>The budget is spent.</summary>
    Spent = 3,
}
