namespace McpLedger.Host.Commands;

/// <summary>What a verb needs cannot be had now.</summary>
/// <param name="message">What it is, and the fix.</param>
internal sealed class UnavailableException(string message) : Exception(message);
