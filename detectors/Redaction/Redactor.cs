using System.Security.Cryptography;
using System.Text;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Redaction;

/// <summary>
/// Replaces values by typed placeholders (<c>[secret:github-token:5f3a9c01d2e4]</c>). The last part is a keyed hash: equal values have equal placeholders under one key, so that records
/// still join, and without the key nobody can try values out. Every copy of a value goes, in whichever leaf it stands and however JSON escaped it there; of values shorter than six
/// characters only those that were found, for the others may be words. Looking for copies is bounded, for values may lie within one another.
/// </summary>
public sealed class Redactor
{
    private const int HashBytes = 6;
    private const int LongestPlaceholder = 96;
    private const int ShortestCopied = 6;

    // Copies of values that do not lie within one another are fewer than characters.
    private const int FewestSightings = 4096;

    private readonly byte[] _key;
    private readonly byte[] _utf8 = new byte[64 * 1024];

    // For each character of the text whether an edit takes it out already.
    private bool[] _planned = [];

    /// <summary>Makes one that hashes with <paramref name="key"/>.</summary>
    /// <param name="key">At least 16 bytes, the same for all that must join.</param>
    public Redactor(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(key.Length, 16, nameof(key));
        _key = key.ToArray();
    }

    /// <summary>True when there were more copies in the last message than are looked for: some are left.</summary>
    public bool IsCut { get; private set; }

    /// <summary>Says what must change so that no found value is left.</summary>
    /// <param name="message">Where the values were found.</param>
    /// <param name="found">What was found in <see cref="MessageText.Plain"/> and is to go.</param>
    /// <param name="edits">Is cleared, then takes the edits; the result is JSON again.</param>
    public void Plan(MessageText message, ReadOnlySpan<DlpFinding> found, EditList edits)
    {
        edits.Clear();
        IsCut = false;
        if (found.IsEmpty)
        {
            return;
        }

        Span<byte> placeholder = stackalloc byte[LongestPlaceholder];
        var text = message.Plain.Chars;
        var planned = Planned(text.Length);
        foreach (var finding in found)
        {
            planned.Slice(finding.Start, finding.Length).Fill(true);
        }

        var left = MostSightings(message);
        for (var i = 0; i < found.Length; i++)
        {
            var value = text.Slice(found[i].Start, found[i].Length);
            var length = Placeholder(found[i].Rule, value, placeholder[1..]);
            Replace(message, found[i], placeholder[..(length + 2)], edits);
            if (value.Length >= ShortestCopied && !IsCopy(text, found, i))
            {
                Copies(message, found[i], placeholder[..(length + 2)], planned, ref left, edits);
            }
        }

        IsCut = left < 0;
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

    private Span<bool> Planned(int length)
    {
        if (_planned.Length < length)
        {
            _planned = GC.AllocateUninitializedArray<bool>(length);
        }

        var planned = _planned.AsSpan(0, length);
        planned.Clear();
        return planned;
    }

    // Where all of a copy goes already, with a longer value around it, nothing is left to plan.
    private static void Copies(MessageText message, in DlpFinding finding, Span<byte> placeholder, Span<bool> planned, ref int left, EditList edits)
    {
        var text = message.Plain.Chars;
        var value = text.Slice(finding.Start, finding.Length);
        for (var at = 0; left >= 0 && text[at..].IndexOf(value) is >= 0 and var hit; at += hit + value.Length)
        {
            left--;
            var place = planned.Slice(at + hit, value.Length);
            if (place.Contains(false))
            {
                place.Fill(true);
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

    /// <summary>Plans to replace a range of the message's bytes, which may begin in one leaf and end in another: what stands between them stays.</summary>
    /// <param name="message">The message.</param>
    /// <param name="rule">What the value is.</param>
    /// <param name="value">The value.</param>
    /// <param name="start">First byte of the range.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="edits">Takes the edits.</param>
    public void Replace(MessageText message, DlpRule rule, ReadOnlySpan<char> value, int start, int length, EditList edits)
    {
        Span<byte> placeholder = stackalloc byte[LongestPlaceholder];
        placeholder = placeholder[..(Placeholder(rule, value, placeholder[1..]) + 2)];
        foreach (var leaf in message.Leaves)
        {
            var (from, to) = (Math.Max(start, leaf.ByteStart), Math.Min(start + length, leaf.ByteStart + leaf.ByteLength));
            if (from >= to)
            {
                continue;
            }

            if (leaf.Kind == TextLeafKind.Number)
            {
                (placeholder[0], placeholder[^1]) = ((byte)'"', (byte)'"');
                edits.Add(leaf.ByteStart, leaf.ByteLength, placeholder, rule.Id);
            }
            else
            {
                edits.Add(from, to - from, placeholder[1..^1], rule.Id);
            }
        }
    }

    /// <summary>Plans to replace the rest of a value that began in another message, and its copies like those of a value that was found whole.</summary>
    /// <param name="message">The message.</param>
    /// <param name="value">The value, whole.</param>
    /// <param name="rest">What of it stands in <see cref="MessageText.Plain"/>.</param>
    /// <param name="edits">Is cleared, then takes the edits.</param>
    public void PlanRest(MessageText message, ReadOnlySpan<char> value, in DlpFinding rest, EditList edits)
    {
        edits.Clear();
        var left = MostSightings(message);
        Span<byte> placeholder = stackalloc byte[LongestPlaceholder];
        placeholder = placeholder[..(Placeholder(rest.Rule, value, placeholder[1..]) + 2)];
        Replace(message, rest, placeholder, edits);
        if (rest.Length >= ShortestCopied)
        {
            var planned = Planned(message.Plain.Length);
            planned.Slice(rest.Start, rest.Length).Fill(true);
            Copies(message, rest, placeholder, planned, ref left, edits);
        }

        IsCut = left < 0;
        edits.Settle();
    }

    private static int MostSightings(MessageText message) => Math.Max(FewestSightings, message.Plain.Length / 2);

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
