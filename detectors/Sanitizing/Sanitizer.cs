using McpLedger.Detectors.Redaction;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Sanitizing;

/// <summary>
/// Finds what is not meant to be read, by its shape: an operator counts where a command stands on its right side, a quotation mark where SQL goes on behind it. What a finding leads to (strip, flag,
/// refuse; code allowed or not) is the caller's policy.
/// </summary>
public static class Sanitizer
{
    private static readonly string[] Names =
    [
        "control", "escape-sequence", "invisible", "bidirectional", "command-substitution", "command-chain", "pipe-to-interpreter", "here-document", "encoded-command", "powershell", "sql", "template",
        "active-html", "script-url",
    ];

    private static readonly byte[][] Marks = [.. Names.Select(name => System.Text.Encoding.ASCII.GetBytes($"[stripped:{name}]"))];

    /// <summary>The name of a kind in events, findings and policies.</summary>
    public static string NameOf(SanitizeKind kind) => Names[(int)kind];

    /// <summary>Looks through a message.</summary>
    /// <param name="message">Read by the caller.</param>
    /// <param name="found">Is cleared first.</param>
    public static void Find(MessageText message, SanitizeFindings found)
    {
        FindUnseen(message, found);
        Code(message, found);
    }

    /// <summary>Looks only for what nobody sees: kinds up to <see cref="SanitizeKind.Bidirectional"/>.</summary>
    /// <param name="message">Read by the caller.</param>
    /// <param name="found">Is cleared first.</param>
    public static void FindUnseen(MessageText message, SanitizeFindings found)
    {
        found.Clear();
        HiddenCharacters.Find(message.Plain.Chars, found);
    }

    /// <summary>Looks only for shapes of code.</summary>
    /// <param name="message">Read by the caller.</param>
    /// <param name="found">Is cleared first.</param>
    public static void FindCode(MessageText message, SanitizeFindings found)
    {
        found.Clear();
        Code(message, found);
    }

    /// <summary>Says what must change so that nothing of <paramref name="strip"/> is left: characters that nobody sees go, everything else becomes a mark that says what stood there.</summary>
    /// <param name="message">Where it was found.</param>
    /// <param name="found">What was found, in the order of the text.</param>
    /// <param name="strip">True for what is to go.</param>
    /// <param name="edits">Is cleared, then takes the edits; each names its kind.</param>
    public static void Plan(MessageText message, ReadOnlySpan<SanitizeFinding> found, Func<SanitizeFinding, bool> strip, EditList edits)
    {
        edits.Clear();
        var leaves = message.Leaves;
        var first = 0;
        foreach (var finding in found)
        {
            // Both are in the order of the text.
            while (first < leaves.Length && leaves[first].End <= finding.Start)
            {
                first++;
            }

            for (var i = first; i < leaves.Length && leaves[i].Start < finding.End && strip(finding); i++)
            {
                var leaf = leaves[i];
                var from = Math.Max(finding.Start, leaf.Start);
                var to = Math.Min(finding.End, leaf.End);
                if (from < to)
                {
                    var (start, bytes) = message.Plain.ToBytes(from, to - from);
                    edits.Add(start, Math.Min(bytes, leaf.ByteStart + leaf.ByteLength - start), finding.Kind <= SanitizeKind.Bidirectional ? default : Marks[(int)finding.Kind], Names[(int)finding.Kind]);
                }
            }
        }

        edits.Settle();
    }

    private static void Code(MessageText message, SanitizeFindings found)
    {
        var text = message.Plain.Chars;
        ShellShapes.Find(text, found);
        foreach (var leaf in message.Leaves)
        {
            ShellShapes.FindLines(text, leaf.Start, leaf.Length, found);
        }

        PowerShellShapes.Find(text, found);
        SqlShapes.Find(text, found);
        TemplateShapes.Find(text, found);
        HtmlShapes.Find(text, found);
        found.Sort();
    }
}
