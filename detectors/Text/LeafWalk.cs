using System.Buffers;
using System.Buffers.Text;

namespace McpLedger.Detectors.Text;

/// <summary>
/// One pass over JSON that somebody has already judged: every string, number and free name becomes a leaf, in the order of the bytes. It judges nothing itself, and garbage only ends it early.
/// </summary>
internal ref struct LeafWalk(ReadOnlySpan<byte> json, TextLimits limits, MappedText text, List<TextLeaf> leaves)
{
    // Shorter ones cost less to read than to look at.
    private const int SmallestBinary = 256;
    private const int Sample = 64;

    private static readonly SearchValues<byte> StringStops = SearchValues.Create("\"\\"u8);
    private static readonly SearchValues<byte> Base64Bytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"u8);

    private readonly ReadOnlySpan<byte> _json = json;
    private int _at;
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

            IsCut |= text.IsCut || leaves.Count >= limits.MaxLeaves;
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

    private readonly void Add(TextLeafKind kind, Slice raw, bool escaped, char after)
    {
        var from = text.Length;
        if (kind == TextLeafKind.Value && raw.Length >= SmallestBinary && IsBinary(raw.Of(_json)))
        {
            kind = TextLeafKind.Binary;
        }
        else
        {
            JsonString.Append(raw.Of(_json), raw.Start, escaped, text);
        }

        leaves.Add(new(kind, raw.Start, raw.Length, from, text.Length - from));
        text.Add(after, raw.End);
    }

    /// <summary>True when the string is Base64 and what it encodes is no text, seen at its beginning, middle and end: an image costs nothing, an encoded text is read.</summary>
    private static bool IsBinary(ReadOnlySpan<byte> raw)
    {
        if (raw.StartsWith("data:"u8) && raw[..Math.Min(raw.Length, 128)].IndexOf((byte)',') is var comma and > 0)
        {
            raw = raw[(comma + 1)..];
        }

        var middle = raw.Length / 2 / 4 * 4;
        return raw.Length >= SmallestBinary / 2 && IsNoText(raw[..Sample]) && IsNoText(raw.Slice(middle - (Sample / 2 / 4 * 4), Sample))
            && IsNoText(raw.Slice((raw.Length / 4 * 4) - Sample - 4, Sample));
    }

    private static bool IsNoText(ReadOnlySpan<byte> sample)
    {
        Span<byte> bytes = stackalloc byte[Sample];
        if (sample.ContainsAnyExcept(Base64Bytes) || Base64.DecodeFromUtf8(sample, bytes, out _, out var written) != OperationStatus.Done)
        {
            return false;
        }

        var odd = 0;
        foreach (var value in bytes[..written])
        {
            odd += value is (< 0x20 and not (0x09 or 0x0A or 0x0D)) or >= 0x7F ? 1 : 0;
        }

        return odd * 4 > written;
    }
}

/// <summary>A range of a message's bytes.</summary>
internal readonly record struct Slice(int Start, int Length)
{
    public int End => Start + Length;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> message) => message.Slice(Start, Length);
}
