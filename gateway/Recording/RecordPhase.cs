namespace McpLedger.Gateway.Recording;

/// <summary>What waits for an event, and so whether the mode lets it go on without.</summary>
internal enum RecordPhase
{
    /// <summary>Something that goes to the upstream, or a refusal.</summary>
    Request = 0,

    /// <summary>Something that goes to the client.</summary>
    Answer = 1,
}
