using System.Security.Cryptography;
using System.Text;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Redaction;

/// <summary>
/// Replaces values by typed placeholders (<c>[secret:github-token:5f3a9c01d2e4]</c>). The last part is a keyed hash: equal values have equal placeholders under one key, so that records
/// still join, and without the key nobody can try values out. Every copy of a value goes, in whichever leaf it stands and however JSON escaped it there; of values shorter than six
/// characters only those that were found, for the others may be words.
/// </summary>
public sealed class Redactor
{
    private const int HashBytes = 6;
    private const int LongestPlaceholder = 96;
    private const int ShortestCopied = 6;

    private readonly byte[] _key;
    private readonly byte[] _utf8 = new byte[64 * 1024];

    /// <summary>Makes one that hashes with <paramref name="key"/>.</summary>
    /// <param name="key">At least 16 bytes, the same for all that must join.</param>
    public Redactor(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(key.Length, 16, nameof(key));
        _key = key.ToArray();
    }

    /// <summary>Says what must change so that no found value is left.</summary>
    /// <param name="message">Where the values were found.</param>
    /// <param name="found">What was found in <see cref="MessageText.Plain"/> and is to go.</param>
    /// <param name="edits">Is cleared, then takes the edits; the result is JSON again.</param>
    public void Plan(MessageText message, ReadOnlySpan<DlpFinding> found, EditList edits)
    {
        edits.Clear();
        Span<byte> placeholder = stackalloc byte[LongestPlaceholder];
        var text = message.Plain.Chars;
        for (var i = 0; i < found.Length; i++)
        {
            var value = text.Slice(found[i].Start, found[i].Length);
            var length = Placeholder(found[i].Rule, value, placeholder[1..]);
            Replace(message, found[i], placeholder[..(length + 2)], edits);
            if (value.Length >= ShortestCopied && !IsCopy(text, found, i))
            {
                Copies(message, found[i], placeholder[..(length + 2)], edits);
            }
        }

        edits.Settle();
    }

    /// <summary>Writes the placeholder of a value.</summary>
    /// <returns>Bytes written.</returns>
    public int Placeholder(DlpRule rule, ReadOnlySpan<char> value, Span<byte> placeholder)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var bytes = Encoding.UTF8.GetBytes(value[..Math.Min(value.Length, _utf8.Length / 4)], _utf8);
        HMACSHA256.HashData(_key, _utf8.AsSpan(0, bytes), hash);
        var at = Encoding.ASCII.GetBytes(ClassName(rule.Class), placeholder);
        at += Encoding.ASCII.GetBytes(rule.Id, placeholder[at..]);
        placeholder[at++] = (byte)':';
        foreach (var part in hash[..HashBytes])
        {
            placeholder[at++] = (byte)"0123456789abcdef"[part >> 4];
            placeholder[at++] = (byte)"0123456789abcdef"[part & 15];
        }

        placeholder[at++] = (byte)']';
        return at;
    }

    /// <summary>True when the same value was found before: its copies are already known.</summary>
    private static bool IsCopy(ReadOnlySpan<char> text, ReadOnlySpan<DlpFinding> found, int index)
    {
        var value = text.Slice(found[index].Start, found[index].Length);
        foreach (var earlier in found[..index])
        {
            if (text.Slice(earlier.Start, earlier.Length).SequenceEqual(value))
            {
                return true;
            }
        }

        return false;
    }

    private static void Copies(MessageText message, in DlpFinding finding, Span<byte> placeholder, EditList edits)
    {
        var text = message.Plain.Chars;
        var value = text.Slice(finding.Start, finding.Length);
        for (var at = 0; text[at..].IndexOf(value) is >= 0 and var hit; at += hit + value.Length)
        {
            if (at + hit != finding.Start)
            {
                Replace(message, finding with { Start = at + hit }, placeholder, edits);
            }
        }
    }

    /// <param name="message">The message.</param>
    /// <param name="copy">Where the value stands.</param>
    /// <param name="placeholder">What stands there instead, with room for a quotation mark on either side.</param>
    /// <param name="edits">Takes the edits.</param>
    private static void Replace(MessageText message, in DlpFinding copy, Span<byte> placeholder, EditList edits)
    {
        // A value may run on over the border of two leaves (a key file in lines): each leaf loses its part.
        var leaves = message.Leaves;
        for (var i = FirstAt(leaves, copy.Start); i < leaves.Length && leaves[i].Start < copy.End; i++)
        {
            var leaf = leaves[i];
            if (leaf.Length == 0)
            {
                continue;
            }

            if (leaf.Kind == TextLeafKind.Number)
            {
                // What was a number becomes a string.
                (placeholder[0], placeholder[^1]) = ((byte)'"', (byte)'"');
                edits.Add(leaf.ByteStart, leaf.ByteLength, placeholder, copy.Rule.Id);
                continue;
            }

            var from = Math.Max(copy.Start, leaf.Start);
            var (start, bytes) = message.Plain.ToBytes(from, Math.Min(copy.End, leaf.End) - from);
            edits.Add(start, Math.Min(bytes, leaf.ByteStart + leaf.ByteLength - start), placeholder[1..^1], copy.Rule.Id);
        }
    }

    /// <summary>The first leaf that ends behind <paramref name="start"/>.</summary>
    private static int FirstAt(ReadOnlySpan<TextLeaf> leaves, int start)
    {
        var (low, high) = (0, leaves.Length);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = leaves[middle].End <= start ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    private static string ClassName(DataClass kind) => kind switch
    {
        DataClass.Secret => "[secret:",
        DataClass.Financial => "[financial:",
        DataClass.GovernmentId => "[id:",
        DataClass.CryptoAddress => "[wallet:",
        DataClass.Contact => "[contact:",
        _ => "[network:",
    };
}
