namespace McpLedger.Detectors.Text;

/// <summary>Sequences that a terminal obeys (ECMA-48): they colour, move, overwrite and rename what a person sees, and a model reads them as text.</summary>
internal static class EscapeSequences
{
    private const char Escape = '\u001B';
    private const int LongestControl = 256;

    /// <summary>How long the sequence that begins with <paramref name="text"/> is; 0 when none begins here.</summary>
    /// <param name="text">From the introducer on.</param>
    /// <param name="payload">True for a sequence with a text of its own (OSC, DCS, APC): only its introducer is counted, for a model reads the text.</param>
    public static int Length(ReadOnlySpan<char> text, out bool payload)
    {
        payload = false;
        if (text[0] is '\u009B')
        {
            return Control(text, 1);
        }

        if (text[0] is '\u009D' or '\u0090' or '\u009E' or '\u009F' or '\u0098')
        {
            payload = true;
            return 1;
        }

        if (text[0] != Escape)
        {
            return 0;
        }

        if (text.Length < 2)
        {
            return 1;
        }

        if (text[1] == '[')
        {
            return Control(text, 2);
        }

        payload = text[1] is ']' or 'P' or '_' or '^' or 'X';
        return text[1] is >= ' ' and <= '~' ? 2 : 1;
    }

    private static int Control(ReadOnlySpan<char> text, int at)
    {
        while (at < text.Length && at < LongestControl && text[at] is >= ' ' and <= '?')
        {
            at++;
        }

        return at < text.Length && text[at] is >= '@' and <= '~' ? at + 1 : at;
    }
}
