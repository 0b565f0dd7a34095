namespace McpLedger.Gateway.Upstreams.Stdio;

/// <summary>Reads newline-delimited messages, each into a buffer of its own, and refuses a line that does not end in time.</summary>
/// <param name="source">What is read.</param>
/// <param name="maxLength">Longest line, bytes without its end.</param>
internal sealed class LineReader(Stream source, int maxLength)
{
    private const int FirstLength = 16 * 1024;
    private const byte LineFeed = (byte)'\n';

    private byte[] _buffer = new byte[FirstLength];
    private int _start;
    private int _end;
    private int _scanned;

    /// <summary>True once a line was longer than allowed; nothing more is read then.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The next line without its end (LF or CRLF); null at the end of the source. What stands after the last line end is no line.</summary>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        while (!IsTooLong)
        {
            var found = _buffer.AsSpan(_scanned, _end - _scanned).IndexOf(LineFeed);
            if (found >= 0)
            {
                return Take(_scanned + found);
            }

            _scanned = _end;
            if (_end - _start > maxLength)
            {
                IsTooLong = true;
                break;
            }

            MakeRoom();
            var count = await source.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                break;
            }

            _end += count;
        }

        return null;
    }

    private ReadOnlyMemory<byte> Take(int lineFeed)
    {
        var line = _buffer.AsSpan(_start, lineFeed - _start);
        _start = _scanned = lineFeed + 1;
        if (line is [.. var body, (byte)'\r'])
        {
            line = body;
        }

        if (line.Length > maxLength)
        {
            IsTooLong = true;
            return default;
        }

        var message = line.ToArray();
        if (_start == _end)
        {
            // One long message does not keep its room for the rest of a session.
            _buffer = _buffer.Length > FirstLength ? new byte[FirstLength] : _buffer;
            _start = _end = _scanned = 0;
        }

        return message;
    }

    private void MakeRoom()
    {
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
