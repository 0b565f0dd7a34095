namespace McpLedger.Projections.Search.Elastic;

/// <summary>The engine cannot be reached, refuses what it would take at another time, or answers what is no answer: to be tried again.</summary>
/// <param name="message">What happened, for an operator.</param>
/// <param name="inner">What it followed from.</param>
internal sealed class ElasticException(string message, Exception? inner = null) : IOException(message, inner);
