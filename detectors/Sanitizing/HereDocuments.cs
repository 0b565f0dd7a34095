namespace McpLedger.Detectors.Sanitizing;

/// <summary>Lines, or one text, that a command reads as if they were typed for it.</summary>
internal static class HereDocuments
{
    private const int LongestDocument = 16 * 1024;
    private const int LongestDelimiter = 40;
    private const int MostDocuments = 8;

    /// <summary>At <c>&lt;&lt;</c>.</summary>
    /// <returns>How many characters are done with.</returns>
    public static int At(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        if (text[(at + 2)..].StartsWith("<"))
        {
            return Text(text, at, found);
        }

        var i = at + 2;
        var isIndented = i < text.Length && text[i] == '-';
        i += isIndented ? 1 : 0;
        while (i < text.Length && i - at < LongestDelimiter && text[i] is ' ' or '\t')
        {
            i++;
        }

        i += i < text.Length && text[i] is '\'' or '"' or '\\' ? 1 : 0;
        var start = i;
        while (i < text.Length && i - start < LongestDelimiter && (char.IsAsciiLetterOrDigit(text[i]) || text[i] == '_'))
        {
            i++;
        }

        var word = text[start..i];
        if (word.IsEmpty || !char.IsAsciiLetter(word[0]))
        {
            return 2;
        }

        // Each is looked for as far as a document may go: a line that names many is no command.
        var left = ShellLine.Before(text, at);
        if (left.Count("<<") >= MostDocuments || !ShellLine.HoldsCommand(left, out var fetched))
        {
            return 2;
        }

        var length = Length(text[i..Math.Min(text.Length, i + LongestDocument)], word, isIndented);
        if (length < 0)
        {
            return 2;
        }

        found.Add(SanitizeKind.HereDocument, fetched || RunsWhatItReads(left) ? SanitizeSeverity.High : SanitizeSeverity.Medium, at - left.Length, i + length - at + left.Length);
        return i + length - at;
    }

    // What searches or sorts one text does no harm.
    private static int Text(ReadOnlySpan<char> text, int at, SanitizeFindings found)
    {
        var left = ShellLine.Before(text, at);
        var end = ShellLine.End(text, at);
        if (!RunsWhatItReads(left) || text[(at + 3)..end].Trim().IsEmpty)
        {
            return 3;
        }

        found.Add(SanitizeKind.HereDocument, SanitizeSeverity.High, at - left.Length, end - at + left.Length);
        return end - at;
    }

    private static bool RunsWhatItReads(ReadOnlySpan<char> left) => ShellCommands.IsInterpreter(ShellLine.LastCommand(left));

    /// <summary>How far a document goes, the line with the word that ends it included; -1 where none does.</summary>
    private static int Length(ReadOnlySpan<char> body, ReadOnlySpan<char> word, bool isIndented)
    {
        Span<char> last = stackalloc char[LongestDelimiter + 1];
        last = last[..(word.Length + 1)];
        word.CopyTo(last[1..]);
        last[0] = '\n';
        var end = body.IndexOf(last);
        last[0] = '\t';
        var indented = isIndented ? body[..(end < 0 ? body.Length : end)].IndexOf(last) : -1;
        end = indented < 0 ? end : indented;
        return end < 0 ? -1 : end + last.Length;
    }
}
