namespace McpLedger.Host.Doors;

/// <summary>What stood in front of a line end.</summary>
/// <param name="Bytes">As they came; empty when there were too many.</param>
/// <param name="IsTooLong">Whether there were.</param>
internal readonly record struct InputLine(ReadOnlyMemory<byte> Bytes, bool IsTooLong);

/// <summary>Reads lines as bytes, each into a buffer of its own. One that is longer than allowed is passed over to its end, and not held meanwhile.</summary>
/// <param name="source">What is read.</param>
/// <param name="longest">Longest line, bytes without its end.</param>
internal sealed class InputLines(Stream source, int longest)
{
    private const int FirstLength = 16 * 1024;
    private const byte LineFeed = (byte)'\n';
    private const int CarriageReturn = 1;

    private byte[] _buffer = new byte[FirstLength];
    private int _start;
    private int _scanned;
    private int _end;
    private bool _passing;

    /// <summary>The next line without its end (LF or CRLF); null at the end of the source. What stands behind the last line end is a line too.</summary>
    public async Task<InputLine?> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var found = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf(LineFeed);
            if (found >= 0)
            {
                return Take(_scanned + found, _scanned + found + 1);
            }

            _scanned = _end;
            if (_end - _start > longest + CarriageReturn)
            {
                _passing = true;
                _start = _end;
            }

            MakeRoom();
            var count = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                return _passing || _end > _start ? Take(_end, _end) : null;
            }

            _end += count;
        }
    }

    private InputLine Take(int end, int next)
    {
        var line = _buffer.AsSpan(_start, end - _start);
        line = line is [.. var body, (byte)'\r'] ? body : line;
        var isTooLong = _passing || line.Length > longest;
        var bytes = isTooLong ? [] : line.ToArray();
        (_start, _scanned, _passing) = (next, next, false);
        return new(bytes, isTooLong);
    }

    private void MakeRoom()
    {
        if (_start == _end)
        {
            // One long line does not keep its room for the rest of a session.
            _buffer = _buffer.Length > FirstLength ? new byte[FirstLength] : _buffer;
            _start = _scanned = _end = 0;
            return;
        }

        if (_end < _buffer.Length)
        {
            return;
        }

        var length = _end - _start;
        var target = length > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        Buffer.BlockCopy(_buffer, _start, target, 0, length);
        _buffer = target;
        _start = 0;
        _end = _scanned = length;
    }
}
