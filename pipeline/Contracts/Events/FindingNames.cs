namespace McpLedger.Contracts.Events;

/// <summary>Names of detectors, as findings carry them. The set may grow within a version.</summary>
public static class FindingDetectors
{
    /// <summary>Text that gives instructions to a model.</summary>
    public const string Injection = "injection";

    /// <summary>Secrets and personal data.</summary>
    public const string Dlp = "dlp";

    /// <summary>Characters, scripts and markup that have no place in a text.</summary>
    public const string Sanitizing = "sanitizing";

    /// <summary>A tool definition that is poisoned, shadowing or dangerous.</summary>
    public const string Definition = "definition";

    /// <summary>An agent that repeats itself.</summary>
    public const string Loop = "loop";

    /// <summary>Many calls in little time.</summary>
    public const string Burst = "burst";

    /// <summary>Tokens or costs that grow beyond what is usual, or will.</summary>
    public const string Cost = "cost";

    /// <summary>Steps that rarely follow one another.</summary>
    public const string Sequence = "sequence";

    /// <summary>A tool, server or sink that was never used before.</summary>
    public const string FirstUse = "first-use";

    /// <summary>Untrusted content, private data and a way out in one session.</summary>
    public const string Trifecta = "trifecta";

    /// <summary>More data going out than usual.</summary>
    public const string Exfiltration = "exfiltration";

    /// <summary>An argument that was copied from text that somebody untrusted wrote.</summary>
    public const string Provenance = "provenance";

    /// <summary>An agent that follows somebody else's instructions, by all signals together.</summary>
    public const string Hijack = "hijack";
}

/// <summary>What came of a finding.</summary>
public static class FindingEffects
{
    /// <summary>Somebody is told.</summary>
    public const string Alert = "alert";

    /// <summary>The session got a label.</summary>
    public const string Label = "label";

    /// <summary>The principal is slowed down.</summary>
    public const string Throttle = "throttle";

    /// <summary>The principal is stopped.</summary>
    public const string Stop = "stop";

    /// <summary>A value was replaced by a placeholder.</summary>
    public const string Redacted = "redacted";

    /// <summary>Characters were taken out.</summary>
    public const string Stripped = "stripped";

    /// <summary>The call was refused.</summary>
    public const string Refused = "refused";

    /// <summary>The answer was withheld.</summary>
    public const string Withheld = "withheld";
}

/// <summary>What can be true of a session.</summary>
public static class SessionLabels
{
    /// <summary>It read what somebody untrusted may have written.</summary>
    public const string UntrustedContent = "untrusted-content";

    /// <summary>It read private data.</summary>
    public const string PrivateData = "private-data";

    /// <summary>It used a tool that can send something out.</summary>
    public const string CanSendOut = "can-send-out";

    /// <summary>It read text that a detector calls an attack.</summary>
    public const string Flagged = "flagged";
}
