using System.Buffers.Text;
using System.Text;

namespace McpLedger.Benchmarks.Load;

/// <summary>Finds where an HTTP/1.1 answer ends, as its bytes come in: by its length or by its chunks. Knows no more of HTTP than that.</summary>
internal sealed class AnswerReader
{
    private readonly byte[] _buffer = new byte[64 * 1024];
    private int _filled;
    private int _bodyAt;
    private int _length;
    private int _chunkAt;
    private bool _chunked;

    public int Status { get; private set; }

    /// <summary>Free room for what is received next.</summary>
    public Memory<byte> Free => _buffer.AsMemory(_filled);

    /// <summary>Everything that came so far.</summary>
    public ReadOnlySpan<byte> Answer => _buffer.AsSpan(0, _filled);

    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyAt, _filled - _bodyAt);

    public void Reset() => (_filled, _bodyAt, Status) = (0, 0, 0);

    /// <summary>Takes note of <paramref name="count"/> bytes in <see cref="Free"/>.</summary>
    /// <returns>True when the answer is whole.</returns>
    public bool Advance(int count)
    {
        _filled += count;
        if (_bodyAt == 0 && !ReadHead())
        {
            return false;
        }

        return _chunked ? ReadChunks() : _filled >= _bodyAt + _length;
    }

    private bool ReadHead()
    {
        var end = Answer.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return false;
        }

        var head = Answer[..(end + 2)];
        _bodyAt = end + 4;
        _chunkAt = _bodyAt;
        _length = 0;
        _chunked = false;
        Status = Number(head[9..]);
        while (head.IndexOf("\r\n"u8) is var line and > 0)
        {
            var field = head[..line];
            if (Starts(field, "content-length:"u8))
            {
                _length = Number(field["content-length:".Length..].TrimStart((byte)' '));
            }
            else if (Starts(field, "transfer-encoding:"u8))
            {
                _chunked = true;
            }

            head = head[(line + 2)..];
        }

        return true;
    }

    private bool ReadChunks()
    {
        while (true)
        {
            var rest = Answer[_chunkAt..];
            var line = rest.IndexOf("\r\n"u8);
            if (line < 0 || !Utf8Parser.TryParse(rest[..line], out int size, out _, 'x'))
            {
                return false;
            }

            var end = _chunkAt + line + 2 + size + 2;
            if (_filled < end)
            {
                return false;
            }

            _chunkAt = end;
            if (size == 0)
            {
                return true;
            }
        }
    }

    private static int Number(ReadOnlySpan<byte> text) =>
        Utf8Parser.TryParse(text, out int number, out _) ? number : throw new InvalidDataException("The answer's head has no number where HTTP/1.1 has one.");

    private static bool Starts(ReadOnlySpan<byte> field, ReadOnlySpan<byte> name) => field.Length > name.Length && Ascii.EqualsIgnoreCase(field[..name.Length], name);
}
