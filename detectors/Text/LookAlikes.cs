namespace McpLedger.Detectors.Text;

/// <summary>Decides at a word's end whether letters of another script are what they are or what they look like.</summary>
internal static class LookAlikes
{
    private const int LongestWord = 64;

    /// <summary>
    /// Looks at the last word of <paramref name="text"/>. Beside Latin letters look-alikes are Latin; a word of nothing but look-alikes is Latin in Latin company;
    /// a word with a letter that looks like none is a word of its own language.
    /// </summary>
    public static void Resolve(MappedText text)
    {
        var start = text.Length;
        var (latin, alike, own) = (0, 0, 0);
        while (start > 0 && text.Length - start < LongestWord && char.IsLetterOrDigit(text.CharAt(start - 1)))
        {
            var c = text.CharAt(--start);
            if (char.IsAscii(c))
            {
                latin += char.IsAsciiLetter(c) ? 1 : 0;
            }
            else if (Folding.LookAlike(c) != Folding.Deleted)
            {
                alike++;
            }
            else
            {
                own++;
            }
        }

        if (alike == 0 || (latin == 0 && (own > 0 || !FollowsLatin(text, start))))
        {
            return;
        }

        for (var i = start; i < text.Length; i++)
        {
            ref var c = ref text.CharAt(i);
            if (Folding.LookAlike(c) is not Folding.Deleted and var latinLetter)
            {
                c = latinLetter;
            }
        }
    }

    private static bool FollowsLatin(MappedText text, int start)
    {
        for (var i = start - 1; i >= 0 && start - i < LongestWord; i--)
        {
            if (char.IsLetter(text.CharAt(i)))
            {
                return char.IsAsciiLetter(text.CharAt(i));
            }
        }

        return false;
    }
}
