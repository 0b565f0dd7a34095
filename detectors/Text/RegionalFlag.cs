namespace McpLedger.Detectors.Text;

/// <summary>
/// Flags of regions that tag characters spell: a black flag, the letters of the region, and the tag that ends them. Of all that could be spelt so three are flags (RGI_Emoji_Tag_Sequence in UTS 51: England, Scotland,
/// Wales); other letters behind a black flag are shown by no screen.
/// </summary>
internal static class RegionalFlag
{
    private const string BlackFlag = "\U0001F3F4";
    private const string LastTag = "\U000E007F";
    private const int WidthOfTag = 2;
    private static readonly string[] Flags = [.. new[] { "gbeng", "gbsct", "gbwls" }.Select(region => BlackFlag + string.Concat(region.Select(c => char.ConvertFromUtf32(0xE0000 + c))) + LastTag)];

    /// <summary>Whether the tag character at <paramref name="at"/> is part of one.</summary>
    public static bool Holds(ReadOnlySpan<char> text, int at)
    {
        foreach (var flag in Flags)
        {
            for (var before = BlackFlag.Length; before < flag.Length; before += WidthOfTag)
            {
                if (at >= before && text[(at - before)..].StartsWith(flag))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
