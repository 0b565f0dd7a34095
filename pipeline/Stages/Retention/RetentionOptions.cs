namespace McpLedger.Stages.Retention;

/// <summary>How long calls are kept. The control log is not dropped: what is in force now was said there once.</summary>
public sealed record RetentionOptions
{
    /// <summary>The data folder.</summary>
    public required string Folder { get; init; }

    /// <summary>Source that the stage's events carry: <c>/{role}/{instance}/{boot epoch}</c>.</summary>
    public required string Source { get; init; }

    /// <summary>Age at which a sealed segment is dropped, by its last event; null keeps for ever.</summary>
    public TimeSpan? MaxAge { get; init; }

    /// <summary>Bytes of segments past which the oldest sealed ones are dropped; null for no bound.</summary>
    public long? MaxBytes { get; init; }

    /// <summary>
    /// Whether a segment goes only when what says so is sealed, a run after it was said: then no copy of the folder lacks records that its own control log does not account for.
    /// Where no sealer runs, nothing would ever go.
    /// </summary>
    public bool OnceSealed { get; init; }

    /// <summary>Time between two runs.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(10);
}
