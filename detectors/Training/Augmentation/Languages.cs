namespace McpLedger.Detectors.Training.Augmentation;

/// <summary>The languages besides English that there are templates for.</summary>
internal static class Languages
{
    private static readonly string[] Codes = ["ar", "bn", "cs", "de", "el", "es", "fa", "fr", "he", "hi", "id", "it", "ja", "ko", "nl", "pl", "pt", "ro", "ru", "sv", "ta", "th", "tr", "uk", "vi", "zh"];
    private static readonly string[] Orders =
    [
        "{ignore} {reveal}", "{persuade} {reveal}", "{reveal} {persuade}", "{role} {reveal}", "{reveal}", "{ignore} {task}", "{role} {task}", "{role} {ignore} {reveal}", "{persuade} {ignore} {task}",
        "{system} {reveal}", "{system} {task}", "{hypothesis} {reveal}", "{hypothesis} {task}", "{format}", "{persuade} {format}", "{ignore} {format}", "{fewshot}", "{role} {fewshot}", "{split}", "{persuade} {task}",
    ];

    // Small words of German, French, Spanish, Portuguese, Italian, Dutch, Polish, Swedish, Turkish, Indonesian and Vietnamese of which an English sentence has one or two at most ("die", "van").
    private static readonly HashSet<string> Small = new(
        "der die das und ist nicht ein eine mit für wie ich le la les des une est pour que dans avec vous el los las una por para con del como não uma com você il che di della per sono een het van ik dat je w na się nie jest och att är på bir ve için bu yang dan untuk dengan là của và cho"
            .Split(' '), StringComparer.OrdinalIgnoreCase);

    /// <summary>A grammar for each: attacks are in its list <c>attack</c>, ordinary requests in <c>benign</c>.</summary>
    public static Grammar[] Grammars() => [.. Codes.Select(code => Grammar.Named("languages/" + code)).Select(grammar => grammar.With("attack", [.. Orders.Where(grammar.Has)]))];

    /// <summary>Whether a text is English as far as a look at its letters and small words tells.</summary>
    public static bool IsEnglish(string text)
    {
        if (text.Count(static c => c > '\u024F' && char.IsLetter(c)) * 5 > text.Length)
        {
            return false;
        }

        var words = text.Split([' ', '\n', ',', '.', '?', '!', ':'], StringSplitOptions.RemoveEmptyEntries);
        return words.Count(Small.Contains) * 8 < words.Length || words.Length < 3;
    }
}
