using System.Buffers;

namespace McpLedger.Detectors.Training.Evaluation;

/// <summary>The baseline beside every figure: a list of words as scanners have one.</summary>
internal static class KeywordRules
{
    private static readonly SearchValues<string> Phrases = SearchValues.Create(
    [
        "ignore previous", "ignore all previous", "ignore the above", "disregard previous", "disregard the above", "forget previous", "previous instructions", "system prompt", "you are now", "new instructions", "override", "jailbreak",
        "developer mode", "do anything now", "<important>", "<system>", "[system]", "do not tell the user", "do not mention", "without telling", "secretly", "exfiltrate", "reveal your", "act as", "pretend to be", "important!!!",
        ".ssh/id_rsa", ".env", "api key", "password",
    ], StringComparison.OrdinalIgnoreCase);

    public static bool Match(string text) => text.AsSpan().ContainsAny(Phrases);
}
