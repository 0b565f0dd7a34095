using System.Security.Cryptography;
using System.Text;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Redaction;

/// <summary>
/// Replaces values by typed placeholders (<c>[secret:github-token:5f3a9c01d2e4]</c>). The last part is a keyed hash: equal values have equal placeholders under one key, so that records
/// still join, and without the key nobody can try values out. Every copy of a value goes, in whichever leaf it stands and however JSON escaped it there.
/// </summary>
public sealed class Redactor
{
    private const int HashBytes = 6;
    private const int LongestPlaceholder = 96;

    private readonly byte[] _key;
    private readonly DlpFindings _copies = new(4096);
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
        _copies.Clear();
        var text = message.Plain.Chars;
        for (var i = 0; i < found.Length; i++)
        {
            if (!IsCopy(text, found, i))
            {
                Copies(text, found[i]);
            }
        }

        foreach (var copy in _copies.All)
        {
            Replace(message, copy, edits);
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

    private void Copies(ReadOnlySpan<char> text, in DlpFinding finding)
    {
        var value = text.Slice(finding.Start, finding.Length);
        for (var at = 0; at < text.Length && text[at..].IndexOf(value) is >= 0 and var hit; at += hit + value.Length)
        {
            _copies.Add(finding.Rule, at + hit, value.Length, finding.Score);
        }
    }

    private void Replace(MessageText message, in DlpFinding copy, EditList edits)
    {
        Span<byte> placeholder = stackalloc byte[LongestPlaceholder];
        var length = Placeholder(copy.Rule, message.Plain.Chars.Slice(copy.Start, copy.Length), placeholder[1..]);

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
                (placeholder[0], placeholder[length + 1]) = ((byte)'"', (byte)'"');
                edits.Add(leaf.ByteStart, leaf.ByteLength, placeholder[..(length + 2)], copy.Rule.Id);
                continue;
            }

            var from = Math.Max(copy.Start, leaf.Start);
            var (start, bytes) = message.Plain.ToBytes(from, Math.Min(copy.End, leaf.End) - from);
            edits.Add(start, Math.Min(bytes, leaf.ByteStart + leaf.ByteLength - start), placeholder.Slice(1, length), copy.Rule.Id);
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
