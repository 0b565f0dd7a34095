namespace McpLedger.Detectors.Text;

/// <summary>
/// Characters, each with the byte of the message that it came from. Grows up to a bound and is used again for the next message; not for two threads at once.
/// </summary>
public sealed class MappedText
{
    private const int FirstSize = 1024;

    private char[] _chars;

    // One more than there are characters: the last entry is the byte after the text.
    private int[] _origins;

    internal MappedText(int most)
    {
        Most = most;
        _chars = new char[Math.Min(most, FirstSize)];
        _origins = new int[_chars.Length + 1];
    }

    /// <summary>How many characters there are.</summary>
    public int Length { get; private set; }

    /// <summary>The characters.</summary>
    public ReadOnlySpan<char> Chars => _chars.AsSpan(0, Length);

    /// <summary>For each character the offset of the byte it came from; ascending unless the text was turned round.</summary>
    public ReadOnlySpan<int> Origins => _origins.AsSpan(0, Length);

    /// <summary>True when something did not fit.</summary>
    public bool IsCut { get; private set; }

    internal int Most { get; }

    internal int Room => Most - Length;

    /// <summary>Where a range of characters came from, as a range of bytes of the message.</summary>
    /// <param name="start">First character.</param>
    /// <param name="length">How many; at least 1.</param>
    public (int Start, int Length) ToBytes(int start, int length)
    {
        var (first, last) = (_origins[start], _origins[start + length - 1]);
        if (last < first)
        {
            var after = start > 0 && _origins[start - 1] > first ? _origins[start - 1] : first + 1;
            return (last, after - last);
        }

        // Several characters may come from one place (a decoded run, the two halves of a pair): the end is the next place.
        var end = start + length;
        while (end < Length && _origins[end] == last)
        {
            end++;
        }

        return (first, Math.Max(_origins[end] - first, 1));
    }

    /// <summary>The first character that came from byte <paramref name="offset"/> or from one behind it; <see cref="Length"/> when there is none.</summary>
    public int IndexOfByte(int offset)
    {
        var at = _origins.AsSpan(0, Length).BinarySearch(offset);
        at = at < 0 ? ~at : at;
        while (at > 0 && _origins[at - 1] == offset)
        {
            at--;
        }

        return at;
    }

    /// <summary>The text as a string, for reports and tests.</summary>
    public override string ToString() => Chars.ToString();

    internal void Clear()
    {
        Length = 0;
        IsCut = false;
        _origins[0] = 0;
    }

    internal void Add(char c, int origin)
    {
        if (Length + 1 >= _chars.Length && !TryGrow(1))
        {
            return;
        }

        _chars[Length] = c;
        _origins[Length++] = origin;
    }

    /// <summary>Adds ASCII bytes that lie one after the other in the message.</summary>
    internal void AddAscii(ReadOnlySpan<byte> ascii, int origin)
    {
        if (Length + ascii.Length >= _chars.Length && !TryGrow(ascii.Length))
        {
            ascii = ascii[..Math.Max(0, Math.Min(ascii.Length, Room - 1))];
        }

        System.Text.Ascii.ToUtf16(ascii, _chars.AsSpan(Length), out _);
        var origins = _origins.AsSpan(Length, ascii.Length);
        for (var i = 0; i < origins.Length; i++)
        {
            origins[i] = origin + i;
        }

        Length += ascii.Length;
    }

    /// <summary>Says where the text ends in the message.</summary>
    internal void End(int origin) => _origins[Length] = origin;

    /// <summary>Takes back what stands from <paramref name="length"/> on.</summary>
    internal void Truncate(int length) => Length = length;

    internal void Set(int index, char c, int origin) => (_chars[index], _origins[index]) = (c, origin);

    internal ref char CharAt(int index) => ref _chars[index];

    internal int OriginAt(int index) => _origins[index];

    private bool TryGrow(int by)
    {
        if (by >= Room)
        {
            IsCut = true;
            if (Room <= 1)
            {
                return false;
            }
        }

        var size = Math.Min(Most, Math.Max(_chars.Length * 2, Length + by + 1));
        if (size > _chars.Length)
        {
            Array.Resize(ref _chars, size);
            Array.Resize(ref _origins, size + 1);
        }

        return Length + by < _chars.Length;
    }
}
