namespace McpLedger.Host.Commands;

/// <summary>What was given to a verb outside its command line cannot be used.</summary>
/// <param name="message">What it is, and the fix.</param>
internal sealed class UsageException(string message) : Exception(message);
