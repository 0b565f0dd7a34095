using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace McpLedger.Contracts.Mcp;

/// <summary>
/// A forward scanner over one JSON text (RFC 8259) that takes nothing on trust: UTF-8, grammar, depth, number of values, and no name twice in one object.
/// It is ours because the platform's reader throws on bad input, looks at the UTF-8 of strings only when they are taken out, and does not know names that stand twice.
/// After a fault of grammar or of a limit every call returns false; after a name that stands twice it goes on, so that the message's id can still be found.
/// </summary>
internal ref struct StrictJson
{
    private static readonly SearchValues<byte> StringStops = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, (byte)'"', (byte)'\\']);

    private readonly ReadOnlySpan<byte> _json;
    private readonly McpLimits _limits;
    private JsonNames _names;
    private JsonFault _stop;
    private JsonFault _flaw;
    private int _depth;
    private int _nodes;

    public StrictJson(ReadOnlyMemory<byte> json, McpLimits limits)
    {
        _json = json.Span;
        _limits = limits;
        _names = new(json);
        if (!Utf8.IsValid(_json))
        {
            Stop(JsonFaultKind.InvalidUtf8, FirstInvalid(_json));
        }
        else if (_json.StartsWith("\uFEFF"u8))
        {
            Stop(JsonFaultKind.ByteOrderMark, 0);
        }
    }

    /// <summary>Offset of the next byte to read.</summary>
    public int At { get; private set; }

    /// <summary>What is wrong: a fault of grammar or of a limit if there is one, else the first name that stands twice.</summary>
    public readonly JsonFault Fault => _stop.Kind != JsonFaultKind.None ? _stop : _flaw;

    public readonly bool IsStopped => _stop.Kind != JsonFaultKind.None;

    /// <summary>The byte that the next value begins with, white space passed over; 0 at the end.</summary>
    public byte Peek()
    {
        while (At < _json.Length && _json[At] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            At++;
        }

        return At < _json.Length ? _json[At] : (byte)0;
    }

    /// <summary>Opens the object that <see cref="Peek"/> saw.</summary>
    public JsonMembers Open(bool folds)
    {
        Enter();
        At++;
        return _names.Open(folds);
    }

    /// <summary>Goes to the next member's value.</summary>
    /// <returns>False at the object's end, which it passes.</returns>
    public bool Next(ref JsonMembers members, out ReadOnlySpan<byte> name)
    {
        name = default;
        var next = Peek();
        if (IsStopped)
        {
            return false;
        }

        if (next == '}')
        {
            Close(members);
            return false;
        }

        if (members.Begun && !(next == ',' && Advance() && Peek() == '"'))
        {
            return Stop(JsonFaultKind.Malformed, At);
        }

        members.Begun = true;
        return Peek() == '"' && Name(members.Folds, out name) && Peek() == ':' && Advance() || Stop(JsonFaultKind.Malformed, At);
    }

    /// <summary>Opens the array that <see cref="Peek"/> saw.</summary>
    public void OpenArray()
    {
        Enter();
        At++;
    }

    /// <summary>Goes to the next item.</summary>
    /// <returns>False at the array's end, which it passes.</returns>
    public bool NextItem(ref bool begun)
    {
        var next = Peek();
        if (IsStopped)
        {
            return false;
        }

        if (next == ']')
        {
            At++;
            _depth--;
            return false;
        }

        if (begun)
        {
            return (next == ',' && Advance()) || Stop(JsonFaultKind.Malformed, At);
        }

        begun = true;
        return true;
    }

    /// <summary>Passes the next value, whatever it is.</summary>
    /// <returns>Where it lies; of no meaning after a fault.</returns>
    public Slice Skip()
    {
        var first = Peek();
        var start = At;
        if (first == '{')
        {
            var members = Open(folds: false);
            while (Next(ref members, out _))
            {
                Skip();
            }
        }
        else if (first == '[')
        {
            var begun = false;
            OpenArray();
            while (NextItem(ref begun))
            {
                Skip();
            }
        }
        else
        {
            Scalar(first);
        }

        return new(start, At - start);
    }

    /// <summary>Passes white space up to the end of the text.</summary>
    public void End()
    {
        Peek();
        if (At < _json.Length)
        {
            Stop(JsonFaultKind.Trailing, At);
        }
    }

    /// <summary>Notes a name that is spelt almost like one of the protocol's.</summary>
    public void FlagVariant(scoped ReadOnlySpan<byte> name) => Flag(JsonFaultKind.CaseVariant, name);

    public void Release() => _names.Release();

    private void Scalar(byte first)
    {
        if (++_nodes > _limits.MaxNodes)
        {
            Stop(JsonFaultKind.TooMany, At);
        }

        if (IsStopped)
        {
            return;
        }

        var read = first switch
        {
            (byte)'"' => String(out _),
            (byte)'t' => Word("true"u8),
            (byte)'f' => Word("false"u8),
            (byte)'n' => Word("null"u8),
            _ => Number(),
        };
        if (!read)
        {
            Stop(JsonFaultKind.Malformed, Math.Min(At, _json.Length));
        }
    }

    private void Enter()
    {
        if (++_nodes > _limits.MaxNodes)
        {
            Stop(JsonFaultKind.TooMany, At);
        }
        else if (++_depth > _limits.MaxDepth)
        {
            Stop(JsonFaultKind.TooDeep, At);
        }
    }

    private void Close(JsonMembers members)
    {
        At++;
        _depth--;
        if (_names.Close(members, out var twice))
        {
            Flag(JsonFaultKind.Duplicate, twice);
        }
    }

    private bool Name(bool folds, out ReadOnlySpan<byte> name)
    {
        var start = At + 1;
        name = default;
        if (!String(out var escaped))
        {
            return false;
        }

        name = _json[start..(At - 1)];
        if (name.Length > _limits.MaxNameBytes)
        {
            Stop(JsonFaultKind.NameTooLong, start);
            return false;
        }

        // Both spellings at once: a second reservation could move the first.
        var room = escaped || folds ? _names.Reserve(name.Length * 2) : default;
        if (escaped)
        {
            if (!JsonText.TryUnescape(name, room, out var written))
            {
                Stop(JsonFaultKind.NameNotUnicode, start);
                return false;
            }

            name = room[..written];
            room = room[written..];
            start = _names.Keep(written);
        }

        if (folds && JsonText.NeedsFolding(name))
        {
            var folded = room[..JsonText.Fold(name, room)];
            _names.Add(folded, _names.Keep(folded.Length), inScratch: true);
        }
        else
        {
            _names.Add(name, start, escaped);
        }

        return true;
    }

    private bool String(out bool escaped)
    {
        escaped = false;
        At++;
        while (_json[At..].IndexOfAny(StringStops) is var stop and >= 0)
        {
            At += stop;
            if (_json[At] == '"')
            {
                At++;
                return true;
            }

            escaped = true;
            if (_json[At] != '\\' || !Escape())
            {
                return false;
            }
        }

        At = _json.Length;
        return false;
    }

    private bool Escape()
    {
        if (At + 1 >= _json.Length)
        {
            return false;
        }

        if (_json[At + 1] != 'u')
        {
            var known = "\"\\/bfnrt"u8.Contains(_json[At + 1]);
            At += 2;
            return known;
        }

        if (At + 6 > _json.Length)
        {
            return false;
        }

        foreach (var digit in _json.Slice(At + 2, 4))
        {
            if (!char.IsAsciiHexDigit((char)digit))
            {
                return false;
            }
        }

        At += 6;
        return true;
    }

    private bool Word(ReadOnlySpan<byte> word)
    {
        var same = _json[At..].StartsWith(word);
        At += same ? word.Length : 0;
        return same;
    }

    private bool Number()
    {
        At += Current == '-' ? 1 : 0;
        if (Current == '0')
        {
            At++;
        }
        else if (!Digits())
        {
            return false;
        }

        if (Current == '.')
        {
            At++;
            if (!Digits())
            {
                return false;
            }
        }

        if (Current is (byte)'e' or (byte)'E')
        {
            At++;
            At += Current is (byte)'+' or (byte)'-' ? 1 : 0;
            return Digits();
        }

        return true;
    }

    private bool Digits()
    {
        var start = At;
        while (char.IsAsciiDigit((char)Current))
        {
            At++;
        }

        return At > start;
    }

    private readonly byte Current => At < _json.Length ? _json[At] : (byte)0;

    private bool Advance()
    {
        At++;
        return true;
    }

    private bool Stop(JsonFaultKind kind, int at)
    {
        if (!IsStopped)
        {
            _stop = new(kind, at, null);
        }

        return false;
    }

    private void Flag(JsonFaultKind kind, scoped ReadOnlySpan<byte> name)
    {
        if (_flaw.Kind == JsonFaultKind.None)
        {
            _flaw = new(kind, At, Encoding.UTF8.GetString(name));
        }
    }

    private static int FirstInvalid(ReadOnlySpan<byte> bytes)
    {
        var at = 0;
        while (Rune.DecodeFromUtf8(bytes[at..], out _, out var consumed) == OperationStatus.Done)
        {
            at += consumed;
        }

        return at;
    }
}
