using McpLedger.Contracts.Events;
using McpLedger.Contracts.Mcp;

namespace McpLedger.Gateway.Screening;

/// <summary>A message after somebody looked through it.</summary>
/// <param name="Passed">What may go on.</param>
/// <param name="Recorded">What is recorded of what was received: without values that the ledger may not hold.</param>
internal readonly record struct ScreenedMessage(McpMessage Passed, McpMessage Recorded)
{
    /// <summary>Whether what passes differs from what was received.</summary>
    public bool IsChanged { get; init; }

    /// <summary>What is recorded of what passes, where that differs from <see cref="Recorded"/>; empty otherwise.</summary>
    public ReadOnlyMemory<byte> Released { get; init; }

    /// <summary>What the event says; null for nothing.</summary>
    public ScreeningRecord? Record { get; init; }

    /// <summary>Why it may not pass, in words that a model can read; null when it may.</summary>
    public string? Refusal { get; init; }

    /// <summary>A message in which nothing was found, or at which nobody looked.</summary>
    public static ScreenedMessage Same(in McpMessage message) => new(message, message);
}

/// <summary>A text that is no message, after somebody looked through it.</summary>
/// <param name="Passed">What may go on.</param>
/// <param name="Recorded">What is recorded.</param>
/// <param name="Record">What the event says; null for nothing.</param>
/// <param name="Refusal">Why it may not pass; null when it may.</param>
internal readonly record struct ScreenedText(ReadOnlyMemory<byte> Passed, ReadOnlyMemory<byte> Recorded, ScreeningRecord? Record, string? Refusal);
