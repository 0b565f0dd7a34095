using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Dlp;

/// <summary>A secret that came from one server and stands in what goes to another.</summary>
/// <param name="Rule">What it is.</param>
/// <param name="Origin">Where it came from, as the caller numbered it.</param>
/// <param name="Start">First character in the text that was searched.</param>
/// <param name="Length">Characters.</param>
/// <param name="Form">How it stands there.</param>
public readonly record struct SecretSighting(DlpRule Rule, int Origin, int Start, int Length, SecretForm Form);

/// <summary>A way to write a secret so that it is not seen.</summary>
public enum SecretForm
{
    /// <summary>As it was.</summary>
    Plain = 0,

    /// <summary>Back to front.</summary>
    Reversed = 1,

    /// <summary>In hexadecimal digits.</summary>
    Hex = 2,

    /// <summary>In Base64, of any alignment and alphabet.</summary>
    Base64 = 3,
}

/// <summary>
/// Fingerprints of secrets that results held, to recognise them in arguments. A fingerprint is made of keyed hashes; the secret is not kept. Letters and digits alone count, in lower case, so that
/// quoting, wrapping, percent escapes and separators don't hide one; encoded forms are hashed when the secret is seen, so that looking costs one hash of the text whatever was done to it.
/// Bounded: when it is full, the older half goes of the origin that has most, judgements apart from what has a form: who makes secrets up crowds out only its own. For one thread at a time.
/// </summary>
public sealed class SecretFingerprints
{
    private const int Window = 10;
    private const int LongestSecret = 256;
    private const int LongestFolded = (LongestSecret * 2) + 16;
    private const ulong Prime = 0x100000001B3;

    private readonly ulong[] _powers = new ulong[LongestFolded + 1];
    private readonly Fingerprint[] _ring;
    private readonly int[] _slots;
    private readonly int _mask;
    private readonly Dictionary<(int Origin, bool IsLearned), int> _shares = [];
    private readonly HashSet<(ulong Whole, int Length, int Origin)> _known = [];
    private readonly char[] _folded = new char[LongestFolded];
    private readonly byte[] _bytes = new byte[LongestSecret * 3];
    private readonly char[] _encoded = new char[LongestSecret * 6];

    /// <summary>Makes an empty store.</summary>
    /// <param name="key">Secret of the process; hashes are worth nothing without it.</param>
    /// <param name="most">Most secrets remembered; each takes six fingerprints.</param>
    public SecretFingerprints(ReadOnlySpan<byte> key, int most)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        _powers[0] = 1;
        _powers[1] = BinaryPrimitives.ReadUInt64LittleEndian(hash) | 1;
        for (var i = 2; i < _powers.Length; i++)
        {
            _powers[i] = _powers[i - 1] * _powers[1];
        }

        _ring = new Fingerprint[most * 6];
        _mask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)(most * 6 * 4)) - 1;
        _slots = new int[_mask + 1];
    }

    /// <summary>How many fingerprints are held.</summary>
    public int Count { get; private set; }

    /// <summary>Remembers a secret that came from <paramref name="origin"/>. One of fewer than ten letters and digits is not remembered: it would be seen everywhere.</summary>
    public void Remember(DlpRule rule, ReadOnlySpan<char> secret, int origin)
    {
        // The lines of a key file open the door alone.
        if (secret.StartsWith("-----BEGIN ") && secret[11..].IndexOf("-----") is >= 0 and var head)
        {
            secret = secret[(11 + head + 5)..];
        }

        if (secret.Length > LongestSecret)
        {
            secret = secret[..LongestSecret];
        }

        var bytes = _bytes.AsSpan(0, System.Text.Encoding.UTF8.GetBytes(secret, _bytes));
        Keep(rule, Fold(secret), origin, SecretForm.Plain);
        var folded = Fold(secret);
        folded.Reverse();
        Keep(rule, folded, origin, SecretForm.Reversed);
        Convert.TryToHexString(bytes, _encoded, out var written);
        Keep(rule, Fold(_encoded.AsSpan(0, written)), origin, SecretForm.Hex);
        for (var skip = 0; skip < 3 && bytes.Length > skip + 6; skip++)
        {
            // Digits that bytes before or after the secret have a part in are left out.
            Convert.TryToBase64Chars(bytes[skip..(bytes.Length - ((bytes.Length - skip) % 3))], _encoded, out written);
            Keep(rule, Fold(_encoded.AsSpan(0, written)), origin, SecretForm.Base64);
        }
    }

    /// <summary>Looks for secrets that came from elsewhere.</summary>
    /// <param name="text">What goes to <paramref name="target"/>, plain.</param>
    /// <param name="target">Where it goes: what came from there may go back.</param>
    /// <param name="seen">Takes the sightings, as far as there is room.</param>
    /// <returns>How many there are in <paramref name="seen"/>.</returns>
    public int Find(ReadOnlySpan<char> text, int target, Span<SecretSighting> seen)
    {
        if (Count == 0)
        {
            return 0;
        }

        // Where each character that counts stands, and the hash of all before it: that of any stretch is a difference of two, however many secrets begin alike.
        var places = ArrayPool<int>.Shared.Rent(text.Length);
        var hashes = ArrayPool<ulong>.Shared.Rent(text.Length + 1);
        var found = 0;
        var letters = new Letters(hashes, Read(text, places, hashes));
        for (var at = 0; at + Window <= letters.Count && found < seen.Length;)
        {
            if (Match(letters, at, target) is not { } print)
            {
                at++;
                continue;
            }

            var (start, end) = (places[at], places[at + print.Length - 1]);
            Next(text, ref end, out _);
            seen[found++] = new(print.Rule!, print.Origin, start, end - start, print.Form);
            at += print.Length;
        }

        ArrayPool<int>.Shared.Return(places);
        ArrayPool<ulong>.Shared.Return(hashes);
        return found;
    }

    private int Read(ReadOnlySpan<char> text, Span<int> places, Span<ulong> hashes)
    {
        var (count, hash) = (0, 0ul);
        hashes[0] = 0;
        for (var i = 0; i < text.Length;)
        {
            var c = Next(text, ref i, out var place);
            if (c != '\0')
            {
                hash = (hash * _powers[1]) + c;
                places[count++] = place;
                hashes[count] = hash;
            }
        }

        return count;
    }

    private Fingerprint? Match(in Letters letters, int at, int target)
    {
        var window = HashOf(letters, at, Window);
        for (var slot = (int)Mix(window) & _mask; _slots[slot] != 0; slot = (slot + 1) & _mask)
        {
            ref readonly var print = ref _ring[_slots[slot] - 1];
            if (print.Window == window && print.Origin != target && at + print.Length <= letters.Count && HashOf(letters, at, print.Length) == print.Whole && !IsKnown(print, target))
            {
                return print;
            }
        }

        return null;
    }

    private ulong HashOf(in Letters letters, int at, int length) => letters.Hashes[at + length] - (letters.Hashes[at] * _powers[length]);

    /// <summary>Whether the same came from <paramref name="origin"/> too.</summary>
    private bool IsKnown(in Fingerprint print, int origin) => _known.Contains((print.Whole, print.Length, origin));

    private void Keep(DlpRule rule, ReadOnlySpan<char> folded, int origin, SecretForm form)
    {
        if (folded.Length < Window)
        {
            return;
        }

        var (window, whole) = (0ul, 0ul);
        for (var i = 0; i < folded.Length; i++)
        {
            whole = (whole * _powers[1]) + folded[i];
            window = i == Window - 1 ? whole : window;
        }

        var print = new Fingerprint(rule, origin, form, folded.Length, window, whole);
        if (IsKnown(print, origin))
        {
            return;
        }

        if (Count == _ring.Length)
        {
            ForgetOldest();
        }

        _ring[Count] = print;
        _known.Add((whole, print.Length, origin));
        Insert(Count++);
    }

    private void Insert(int index)
    {
        var slot = (int)Mix(_ring[index].Window) & _mask;
        while (_slots[slot] != 0)
        {
            slot = (slot + 1) & _mask;
        }

        _slots[slot] = index + 1;
    }

    /// <summary>Half at a time, so that making room costs little for each.</summary>
    private void ForgetOldest()
    {
        _shares.Clear();
        foreach (ref readonly var print in _ring.AsSpan(0, Count))
        {
            _shares[print.Share] = _shares.GetValueOrDefault(print.Share) + 1;
        }

        var most = _ring[0].Share;
        foreach (var (share, count) in _shares)
        {
            most = count > _shares[most] ? share : most;
        }

        var (gone, kept) = ((_shares[most] + 1) / 2, 0);
        for (var i = 0; i < Count; i++)
        {
            if (gone > 0 && _ring[i].Share == most)
            {
                _known.Remove((_ring[i].Whole, _ring[i].Length, _ring[i].Origin));
                gone--;
            }
            else
            {
                _ring[kept++] = _ring[i];
            }
        }

        Count = kept;
        Array.Clear(_slots);
        for (var i = 0; i < kept; i++)
        {
            Insert(i);
        }
    }

    private Span<char> Fold(ReadOnlySpan<char> text)
    {
        var count = 0;
        for (var i = 0; i < text.Length && count < _folded.Length;)
        {
            var c = Next(text, ref i, out _);
            if (c != '\0')
            {
                _folded[count++] = c;
            }
        }

        return _folded.AsSpan(0, count);
    }

    /// <summary>The next character as it counts, percent escapes undone; 0 for what does not count.</summary>
    private static char Next(ReadOnlySpan<char> text, ref int i, out int place)
    {
        place = i;
        var c = text[i];
        if (c == '%' && JsonString.Hex(text[(i + 1)..], 2) is >= 0 and var value)
        {
            i += 3;
            c = (char)value;
        }
        else if (c == '\\' && i + 1 < text.Length && text[i + 1] is 'n' or 'r' or 't')
        {
            i += 2;
        }
        else
        {
            i++;
        }

        return char.IsAsciiLetterOrDigit(c) ? (char)(c | (char.IsAsciiLetterUpper(c) ? 0x20 : 0)) : '\0';
    }

    private static ulong Mix(ulong hash) => (hash ^ (hash >> 32)) * Prime >> 20;

    private readonly record struct Letters(ulong[] Hashes, int Count);

    private readonly record struct Fingerprint(DlpRule? Rule, int Origin, SecretForm Form, int Length, ulong Window, ulong Whole)
    {
        public (int Origin, bool IsLearned) Share => (Origin, Rule!.Evidence == DlpEvidence.Learned);
    }
}
