using System.Buffers;
using System.Buffers.Text;
using McpLedger.Detectors.Dlp;

namespace McpLedger.Detectors.Text;

/// <summary>
/// One pass over JSON that somebody has already judged: every string, number and free name becomes a leaf, in the order of the bytes. It judges nothing itself, and garbage only ends it early.
/// </summary>
internal ref struct LeafWalk(ReadOnlySpan<byte> json, TextLimits limits, MappedText text, List<TextLeaf> leaves)
{
    // Shorter ones cost less to read than to look at.
    private const int SmallestBinary = 256;
    private const int Sample = 64;
    private const int ShortestLine = 56;
    private const int LongestPrefix = 128;
    private const int LongestSecretName = 64;

    private static readonly SearchValues<byte> StringStops = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> Base64Bytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private readonly ReadOnlySpan<byte> _json = json;
    private int _at;

    // Numbers are bounded by their characters: a list of them leaves room for what is written behind it.
    private int _strings;
    private Slice _name;

    /// <summary>True when something was left out.</summary>
    public bool IsCut { get; private set; }

    public void Run()
    {
        Span<bool> objects = stackalloc bool[256];
        var depth = 0;
        var most = Math.Min(limits.MaxDepth, objects.Length - 1);
        var name = false;
        while (_at < _json.Length && !IsCut)
        {
            switch (_json[_at])
            {
                case (byte)'{' or (byte)'[':
                    if (depth == most)
                    {
                        IsCut = true;
                        return;
                    }

                    name = _json[_at] == '{';
                    objects[++depth] = name;
                    _name = name ? default : _name;
                    _at++;
                    break;
                case (byte)'}' or (byte)']':
                    depth = Math.Max(0, depth - 1);
                    name = false;
                    _name = default;
                    _at++;
                    break;
                case (byte)',':
                    name = objects[depth];
                    _name = name ? default : _name;
                    _at++;
                    break;
                case (byte)'"':
                    String(name);
                    name = false;
                    break;
                case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                    Number();
                    break;
                default:
                    _at++;
                    break;
            }

            IsCut |= text.IsCut || _strings >= limits.MaxLeaves;
        }
    }

    private void String(bool isName)
    {
        var start = ++_at;
        var escaped = false;
        while (true)
        {
            var stop = _json[_at..].IndexOfAny(StringStops);
            if (stop < 0)
            {
                _at = _json.Length;
                IsCut = true;
                break;
            }

            _at += stop;
            if (_json[_at] == '"')
            {
                break;
            }

            escaped = true;
            _at = Math.Min(_at + 2, _json.Length);
        }

        var raw = new Slice(start, _at - start);
        _at = Math.Min(_at + 1, _json.Length);
        if (isName)
        {
            _name = raw;
            if (!JsonWords.IsName(raw.Of(_json)))
            {
                Add(TextLeafKind.Name, raw, escaped, ':');
                text.Add(' ', raw.End);
            }
        }
        else if (raw.Length > 0 && !JsonWords.IsValue(_name.Of(_json), raw.Of(_json)))
        {
            Add(TextLeafKind.Value, raw, escaped, '\n');
        }
    }

    private void Number()
    {
        var start = _at;
        while (_at < _json.Length && _json[_at] is (>= (byte)'0' and <= (byte)'9') or (byte)'-' or (byte)'+' or (byte)'.' or (byte)'e' or (byte)'E')
        {
            _at++;
        }

        Add(TextLeafKind.Number, new(start, _at - start), escaped: false, '\n');
    }

    private void Add(TextLeafKind kind, Slice raw, bool escaped, char after)
    {
        var from = text.Length;
        var prefix = 0;
        if (kind == TextLeafKind.Value && raw.Length >= SmallestBinary && IsBinary(raw.Of(_json), out prefix) && (raw.Length > SecretShapes.LongestKey || !PromisesSecret(_name.Of(_json))))
        {
            kind = TextLeafKind.Binary;
        }

        // Of what is encoded only the type before it is read.
        JsonString.Append(kind == TextLeafKind.Binary ? raw.Of(_json)[..prefix] : raw.Of(_json), raw.Start, escaped, text);
        _strings += kind == TextLeafKind.Number ? 0 : 1;
        leaves.Add(new(kind, raw.Start, raw.Length, from, text.Length - from));
        text.Add(after, raw.End);
    }

    /// <summary>
    /// True when the string is Base64 from end to end and what it encodes is no text, seen at its beginning, middle and end: an image costs nothing, an encoded text is read, and so is whatever stands between pieces of noise.
    /// </summary>
    private static bool IsBinary(ReadOnlySpan<byte> raw, out int prefix)
    {
        prefix = PrefixOf(raw);
        raw = raw[prefix..];
        if (raw.Length < SmallestBinary / 2 || !IsBase64(raw))
        {
            return false;
        }

        var middle = raw.Length / 2 / 4 * 4;
        return IsNoText(raw) && IsNoText(raw[(middle - (Sample / 2 / 4 * 4))..]) && IsNoText(raw[((raw.Length / 4 * 4) - Sample - 4)..]);
    }

    /// <summary>A token may be long and random too, though not as an image is; its name says what it is.</summary>
    private static bool PromisesSecret(ReadOnlySpan<byte> name)
    {
        Span<char> chars = stackalloc char[LongestSecretName];
        var length = System.Text.Encoding.Latin1.GetChars(name[..Math.Min(name.Length, chars.Length)], chars);
        return chars[..length].ContainsAny(SecretCandidate.Keywords);
    }

    /// <summary>How long <c>data:TYPE;base64,</c> is; 0 where it does not stand there.</summary>
    private static int PrefixOf(ReadOnlySpan<byte> raw)
    {
        var comma = raw.StartsWith("data:"u8) ? raw[..Math.Min(raw.Length, LongestPrefix)].IndexOf((byte)',') : -1;
        return comma > 0 && raw[..comma].EndsWith(";base64"u8) ? comma + 1 : 0;
    }

    /// <summary>True when there are only digits of Base64, padding at the end, and what JSON makes of line ends and slashes.</summary>
    private static bool IsBase64(ReadOnlySpan<byte> raw)
    {
        while (raw.EndsWith("="u8) || raw.EndsWith("\\n"u8) || raw.EndsWith("\\r"u8))
        {
            raw = raw[..^(raw[^1] == '=' ? 1 : 2)];
        }

        for (var line = 0; raw.IndexOfAnyExcept(Base64Bytes) is >= 0 and var stop; raw = raw[(stop + 2)..])
        {
            line += stop;
            if (raw[stop] != '\\' || stop + 1 == raw.Length || raw[stop + 1] is not ((byte)'/' or (byte)'n' or (byte)'r'))
            {
                return false;
            }

            // Words in lines are no lines of Base64; of two characters that end a line the second ends none.
            if (raw[stop + 1] != '/')
            {
                if (line is > 0 and < ShortestLine)
                {
                    return false;
                }

                line = 0;
            }
        }

        return true;
    }

    /// <summary>Whether the first digits encode no text, wherever a group of them begins: escapes before them may have moved it.</summary>
    private static bool IsNoText(ReadOnlySpan<byte> raw)
    {
        Span<byte> digits = stackalloc byte[Sample];
        Span<byte> bytes = stackalloc byte[Sample];
        var count = 0;
        for (var at = 0; at < raw.Length && count < Sample; at++)
        {
            if (Base64Bytes.Contains(raw[at]))
            {
                digits[count++] = raw[at];
            }
            else if (raw[at..].StartsWith("\\n"u8) || raw[at..].StartsWith("\\r"u8))
            {
                at++;
            }
        }

        for (var skip = 0; skip < 4; skip++)
        {
            var groups = digits[skip..count];
            if (Base64.DecodeFromUtf8(groups[..(groups.Length / 4 * 4)], bytes, out _, out var written) != OperationStatus.Done || !IsOdd(bytes[..written]))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsOdd(ReadOnlySpan<byte> bytes)
    {
        var odd = 0;
        foreach (var value in bytes)
        {
            odd += value is (< 0x20 and not (0x09 or 0x0A or 0x0D)) or >= 0x7F ? 1 : 0;
        }

        return odd * 4 > bytes.Length;
    }
}

/// <summary>A range of a message's bytes.</summary>
internal readonly record struct Slice(int Start, int Length)
{
    public int End => Start + Length;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> message) => message.Slice(Start, Length);
}
