namespace McpLedger.Detectors.Behaviour;

/// <summary>What a session does that it should not.</summary>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Rule">Which of the kind's rules; null where it has one only.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Value">How strongly, in the rule's own measure.</param>
/// <param name="Threshold">From which value on it is a signal.</param>
/// <param name="IsModel">Whether the value is a probability of the model's.</param>
/// <param name="Explanation">What was seen, in words for a person; names of tools are not in it.</param>
/// <param name="Calls">Earlier calls that belong to it, oldest first.</param>
public sealed record BehaviourSignal(
    BehaviourKind Kind, string? Rule, BehaviourLevel Level, double Value, double Threshold, bool IsModel, string Explanation, IReadOnlyList<Guid> Calls);

/// <summary>Kinds of behaviour.</summary>
public enum BehaviourKind
{
    /// <summary>An agent that goes in circles.</summary>
    Loop = 0,

    /// <summary>Many calls in little time.</summary>
    Burst = 1,

    /// <summary>Tokens that grow, or are spent.</summary>
    Cost = 2,

    /// <summary>Steps that rarely follow one another.</summary>
    Sequence = 3,

    /// <summary>A tool, server or sink that the agent never used.</summary>
    FirstUse = 4,

    /// <summary>Untrusted content, private data and a way out in one session.</summary>
    Trifecta = 5,

    /// <summary>More going out than usual.</summary>
    Exfiltration = 6,

    /// <summary>An argument that stands in text that looks like an attack.</summary>
    Provenance = 7,

    /// <summary>An agent that follows somebody else, by all signals together.</summary>
    Hijack = 8,
}

/// <summary>How much a signal matters.</summary>
public enum BehaviourLevel
{
    /// <summary>Worth knowing when one looks.</summary>
    Low = 0,

    /// <summary>Worth a look.</summary>
    Medium = 1,

    /// <summary>Somebody should look today.</summary>
    High = 2,

    /// <summary>Somebody should look now.</summary>
    Critical = 3,
}

/// <summary>What is true of a session once it was true.</summary>
[Flags]
public enum BehaviourLabels
{
    /// <summary>Nothing yet.</summary>
    None = 0,

    /// <summary>It read what anybody may have written.</summary>
    UntrustedContent = 1,

    /// <summary>It read private data.</summary>
    PrivateData = 2,

    /// <summary>It used a tool that can send something out.</summary>
    CanSendOut = 4,

    /// <summary>It read text that looks like an attack.</summary>
    Flagged = 8,
}
