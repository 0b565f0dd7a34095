namespace McpLedger.Detectors.Behaviour;

/// <summary>What the session model reads, by place in its vector. A new one is added at the end; a model names those that it was trained on.</summary>
public enum BehaviourFeature
{
    /// <summary>Logarithm of calls so far.</summary>
    Calls,

    /// <summary>Calls in a row that repeat an earlier one exactly.</summary>
    ExactRun,

    /// <summary>Calls in a row that nearly repeat an earlier one and bring the same.</summary>
    StandstillRun,

    /// <summary>Period of the exact run.</summary>
    Period,

    /// <summary>How often the call stands among the last twenty.</summary>
    Often,

    /// <summary>Errors of one tool in a row.</summary>
    Errors,

    /// <summary>Share of errors among results.</summary>
    ErrorShare,

    /// <summary>Page's sum of the time between calls.</summary>
    BurstSum,

    /// <summary>Logarithm of calls a second.</summary>
    Rate,

    /// <summary>Logarithm of tokens so far.</summary>
    Tokens,

    /// <summary>Standard deviations of the last call's tokens above usual.</summary>
    TokensAbove,

    /// <summary>Growth of tokens from call to call.</summary>
    TokenSlope,

    /// <summary>The most surprising step.</summary>
    MaxSurprise,

    /// <summary>The last step's surprise.</summary>
    Surprise,

    /// <summary>Mean surprise.</summary>
    MeanSurprise,

    /// <summary>Tools that the agent never used before.</summary>
    NewTools,

    /// <summary>Sinks that the agent never used before.</summary>
    NewSinks,

    /// <summary>Distinct tools.</summary>
    DistinctTools,

    /// <summary>The most unusual text that was read, as a tail.</summary>
    MaxTail,

    /// <summary>Sum of the three most unusual.</summary>
    TopTails,

    /// <summary>Flagged results.</summary>
    FlaggedResults,

    /// <summary>Calls since the most unusual text; minus one where none was read.</summary>
    CallsSinceTail,

    /// <summary>Calls with an effect since the most unusual text.</summary>
    EffectsSinceTail,

    /// <summary>The most surprising step since the most unusual text.</summary>
    SurpriseSinceTail,

    /// <summary>Largest share of an argument that stands in suspicious text.</summary>
    ProvenanceShare,

    /// <summary>The same times that text's tail.</summary>
    ProvenanceWeight,

    /// <summary>The same, of calls with an effect only.</summary>
    EffectProvenanceWeight,

    /// <summary>Largest share of the words of a call with an effect that come from results.</summary>
    EffectTaint,

    /// <summary>How many of untrusted content, private data and a way out there were.</summary>
    Trifecta,

    /// <summary>Logarithm of bytes given to sinks.</summary>
    Outbound,

    /// <summary>Standard deviations of the last outbound bytes above usual.</summary>
    OutboundAbove,

    /// <summary>Share of calls with an effect.</summary>
    EffectShare,
}
