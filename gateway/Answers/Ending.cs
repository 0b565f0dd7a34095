using McpLedger.Contracts.Events;

namespace McpLedger.Gateway.Answers;

/// <summary>How a forwarded call ended, as its event says it.</summary>
/// <param name="Outcome">How.</param>
/// <param name="Status">HTTP status of the upstream; 0 when it never answered.</param>
/// <param name="Reason">What went wrong; null when nothing did.</param>
internal sealed record Ending(CallOutcome Outcome, int Status, string? Reason)
{
    /// <summary>The final response as the upstream sent it; null when there was none.</summary>
    public Content? Response { get; init; }

    /// <summary>The response as the client gets it, when that differs.</summary>
    public Content? Released { get; init; }

    /// <summary>What the stream carried; null for a single answer.</summary>
    public StreamSummary? Stream { get; init; }

    /// <summary>JSON-RPC error code of the answer.</summary>
    public int? Code { get; init; }

    /// <summary>What was found in the response; null for nothing.</summary>
    public ScreeningRecord? Screening { get; init; }

    /// <summary>The session that the call opened, which the outcome then belongs to.</summary>
    public SessionRef? Opened { get; init; }
}
