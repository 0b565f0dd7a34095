using System.Buffers;
using System.Text;

namespace McpLedger.Detectors.Text.Views;

/// <summary>Finds runs of Base64 and hexadecimal digits whose decoded bytes are a text.</summary>
internal static class EncodedRuns
{
    private const int Shortest = 24;
    private const int LongestLine = 64;
    private const sbyte None = -1;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdefABCDEF");
    private static readonly SearchValues<char> AnyDigits = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_= \r\n");
    private static readonly sbyte[] Digits = Base64Digits();

    public static void Find(MappedText text, int depth, Span<byte> scratch, ViewShelf shelf)
    {
        var chars = text.Chars;

        // A run of the shortest length covers one of these positions.
        for (var at = Shortest - 1; at < chars.Length; at += Shortest)
        {
            if (!IsDigit(chars[at]))
            {
                continue;
            }

            var start = at;
            while (start > 0 && IsDigit(chars[start - 1]))
            {
                start--;
            }

            var end = at + 1;
            var line = -1;
            while (end < chars.Length && (IsDigit(chars[end]) || Continues(chars, end, start, line)))
            {
                line = chars[end] == '\n' ? end : line;
                end++;
            }

            if (end - start >= Shortest)
            {
                Decode(text, start, end, depth, scratch, shelf);
            }

            // Next time round the step leads to the first position after the run.
            at = end - 1;
        }
    }

    private static void Decode(MappedText text, int start, int end, int depth, Span<byte> scratch, ViewShelf shelf)
    {
        var run = text.Chars[start..end];
        if (!run[..Shortest].ContainsAnyExcept(HexDigits) && Hex(run, scratch) is > 0 and var bytes)
        {
            if (Keep(text, scratch[..bytes], start, end, bitsPerDigit: 4, ViewKind.Hex, depth, shelf) && bytes * 2 < run.Length - 1)
            {
                shelf.Cut();
            }

            return;
        }

        // The first quantum may begin a few digits in, where something is glued to the front.
        for (var skip = 0; skip < 4; skip++)
        {
            if (LooksLikeText(run[skip..], scratch) && Base64(run[skip..], scratch) is > 0 and var decoded
                && Keep(text, scratch[..decoded], start + skip, end, bitsPerDigit: 6, ViewKind.Base64, depth, shelf))
            {
                // As much as was decoded had room; what is behind it nobody reads.
                if (decoded == scratch.Length && scratch.Length < (run.Length - skip) / 4 * 3)
                {
                    shelf.Cut();
                }

                return;
            }
        }
    }

    private static bool Keep(MappedText text, ReadOnlySpan<byte> bytes, int start, int end, int bitsPerDigit, ViewKind kind, int depth, ViewShelf shelf)
    {
        if (!IsPrintable(bytes) || shelf.Open(kind, depth) is not { } view)
        {
            return false;
        }

        var (from, at) = (view.Length, 0);
        var (place, digit) = (start, 0);
        while (at < bytes.Length && view.Room > 4)
        {
            // Line ends of the run are no digits: those are counted one by one.
            for (var first = at * 8 / bitsPerDigit; digit < first && place < end - 1; digit += IsDigit(text.Chars[place]) ? 1 : 0)
            {
                place++;
            }

            var status = Rune.DecodeFromUtf8(bytes[at..], out var rune, out var width);
            JsonString.Add(status == OperationStatus.Done ? rune : Rune.ReplacementChar, text.OriginAt(place), view);
            at += Math.Max(width, 1);
        }

        // What is encoded once more reads like no words yet.
        var decoded = view.Chars[from..];
        if (!LetterPairs.ReadsLikeWords(decoded) && !(depth == 1 && !decoded.ContainsAnyExcept(AnyDigits)))
        {
            view.Truncate(Math.Max(0, from - 1));
            shelf.CloseEmpty();
            return false;
        }

        view.End(text.OriginAt(end));
        if (at < bytes.Length)
        {
            shelf.Cut();
        }

        return true;
    }

    private static bool IsDigit(char c) => c < 128 && Digits[c] != None;

    /// <summary>True for the line end inside a long run that was written in lines.</summary>
    /// <param name="chars">The text.</param>
    /// <param name="at">The line end.</param>
    /// <param name="start">Where the run begins.</param>
    /// <param name="line">The last line feed in the run; -1 where there is none.</param>
    private static bool Continues(ReadOnlySpan<char> chars, int at, int start, int line)
    {
        if (chars[at] is not ('\n' or '\r') || at - start < LongestLine - 4)
        {
            return false;
        }

        var next = at + 1 < chars.Length && chars[at + 1] == '\n' ? at + 2 : at + 1;
        return next + 4 <= chars.Length && IsDigit(chars[next]) && IsDigit(chars[next + 3]) && (line < 0 || at - line >= LongestLine - 8);
    }

    private static int Hex(ReadOnlySpan<char> run, Span<byte> bytes)
    {
        var count = 0;
        while (count < bytes.Length && JsonString.Hex(run[(count * 2)..], 2) is >= 0 and var value)
        {
            bytes[count++] = (byte)value;
        }

        return count * 2 >= run.Length - 1 || count == bytes.Length ? count : 0;
    }

    private static bool LooksLikeText(ReadOnlySpan<char> run, Span<byte> scratch)
    {
        var count = Base64(run[..Math.Min(run.Length, 20)], scratch);
        var odd = 0;
        foreach (var value in scratch[..count])
        {
            odd += value is (< 0x20 and not (0x09 or 0x0A or 0x0D)) or 0x7F ? 1 : 0;
        }

        return odd == 0;
    }

    private static int Base64(ReadOnlySpan<char> run, Span<byte> bytes)
    {
        var (bits, held, count) = (0, 0, 0);
        foreach (var c in run)
        {
            if (c >= 128 || Digits[c] == None)
            {
                continue;
            }

            bits = (bits << 6) | (byte)Digits[c];
            held += 6;
            if (held >= 8)
            {
                held -= 8;
                if (count == bytes.Length)
                {
                    break;
                }

                bytes[count++] = (byte)(bits >> held);
                bits &= (1 << held) - 1;
            }
        }

        return count;
    }

    private static bool IsPrintable(ReadOnlySpan<byte> bytes)
    {
        var odd = 0;
        for (var at = 0; at < bytes.Length;)
        {
            if (Rune.DecodeFromUtf8(bytes[at..], out var rune, out var width) != OperationStatus.Done || rune.Value is (< 0x20 and not (0x09 or 0x0A or 0x0D)) or 0x7F)
            {
                odd++;
            }

            at += Math.Max(width, 1);
        }

        return odd * 10 <= bytes.Length;
    }

    private static sbyte[] Base64Digits()
    {
        var digits = new sbyte[128];
        Array.Fill(digits, None);
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        for (var i = 0; i < Alphabet.Length; i++)
        {
            digits[Alphabet[i]] = (sbyte)i;
        }

        (digits['-'], digits['_']) = (62, 63);
        return digits;
    }
}
