using System.Buffers;
using System.Globalization;
using System.Text;

namespace McpLedger.Gateway;

/// <summary>Text that servers and callers choose, as a log shows it to a person: on one line, bounded, with nothing in it that moves a cursor or hides what is there.</summary>
internal static class Shown
{
    private const int MaxLength = 200;
    private static readonly SearchValues<char> Plain = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:-");

    /// <summary>A name, or a few words.</summary>
    public static string Of(string text)
    {
        var shown = new StringBuilder(Math.Min(text.Length, MaxLength));
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= MaxLength)
            {
                return shown.Append('…').ToString();
            }

            shown.Append(IsSeen(rune) ? rune.ToString() : "?");
        }

        return shown.ToString();
    }

    /// <summary>A tool's name inside a command that an operator may paste into a shell: as it is where no shell and no parser of options can take it for something else.</summary>
    public static string InCommand(string tool) =>
        tool.Length is > 0 and <= MaxLength && tool[0] != '-' && !tool.AsSpan().ContainsAnyExcept(Plain) ? tool : "TOOL";

    private static bool IsSeen(Rune rune) => Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.Surrogate or UnicodeCategory.OtherNotAssigned);
}
