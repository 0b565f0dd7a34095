using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace McpLedger.Contracts.Mcp;

/// <summary>
/// Cuts a <c>text/event-stream</c> into events as its bytes arrive, split anywhere. Lines end by CR, LF or CRLF; an event that ends by CR is handed out at once,
/// and if an LF follows it belongs to the raw bytes of the next event, so that no event waits for a byte that may never come. Not thread safe.
/// </summary>
/// <param name="maxEventBytes">Longest event, in raw bytes.</param>
public sealed class SseReader(int maxEventBytes) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private byte[] _joined = [];
    private int _start;
    private int _scanned;
    private int _end;
    private int _lineStart;
    private int _mark;
    private bool _begun;
    private bool _skipLineFeed;

    /// <summary>Bytes that arrived and belong to no complete event yet: at the stream's end, what broke off.</summary>
    public ReadOnlyMemory<byte> Pending => _buffer.AsMemory(_start, _end - _start);

    /// <summary>Takes bytes as they came. The memory of earlier events becomes invalid.</summary>
    public void Append(ReadOnlySpan<byte> chunk)
    {
        if (_buffer.Length - _end < chunk.Length)
        {
            var length = _end - _start;
            var target = _buffer.Length < length + chunk.Length ? ArrayPool<byte>.Shared.Rent(Math.Max(_buffer.Length * 2, length + chunk.Length)) : _buffer;
            _buffer.AsSpan(_start, length).CopyTo(target);
            if (target != _buffer)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = target;
            }

            _scanned -= _start;
            _lineStart -= _start;
            _end = length;
            _start = 0;
        }

        chunk.CopyTo(_buffer.AsSpan(_end));
        _end += chunk.Length;
    }

    /// <summary>Takes the next complete event out.</summary>
    public SseStep TryRead(out SseEvent read)
    {
        read = default;
        if (!_begun && !PassByteOrderMark())
        {
            return SseStep.NeedMore;
        }

        while (_scanned < _end && _scanned - _start < maxEventBytes)
        {
            if (_skipLineFeed)
            {
                _skipLineFeed = false;
                if (_buffer[_scanned] == '\n')
                {
                    _scanned++;
                    _lineStart = _scanned;
                    continue;
                }
            }

            var window = _buffer.AsSpan(_scanned, Math.Min(_end, _start + maxEventBytes) - _scanned);
            var stop = window.IndexOfAny((byte)'\r', (byte)'\n');
            if (stop < 0)
            {
                _scanned += window.Length;
                break;
            }

            _scanned += stop;
            var isBlank = _scanned == _lineStart;
            _skipLineFeed = _buffer[_scanned] == '\r';
            _scanned++;
            if (_skipLineFeed && _scanned < _end && _buffer[_scanned] == '\n')
            {
                _scanned++;
                _skipLineFeed = false;
            }

            _lineStart = _scanned;
            if (isBlank)
            {
                read = Interpret(_buffer.AsMemory(_start, _scanned - _start));
                _start = _scanned;
                return SseStep.Event;
            }
        }

        return _scanned - _start >= maxEventBytes ? SseStep.TooLong : SseStep.NeedMore;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
            _start = _end = _scanned = _lineStart = 0;
        }
    }

    private bool PassByteOrderMark()
    {
        var mark = "\uFEFF"u8;
        var arrived = _buffer.AsSpan(_start, Math.Min(_end - _start, mark.Length));
        if (arrived.Length < mark.Length && mark.StartsWith(arrived))
        {
            return false;
        }

        _begun = true;
        if (arrived.SequenceEqual(mark))
        {
            _mark = mark.Length;
            _scanned += mark.Length;
            _lineStart = _scanned;
        }

        return true;
    }

    private SseEvent Interpret(ReadOnlyMemory<byte> raw)
    {
        var fields = new Fields();
        var at = _mark;
        var isSplit = false;
        byte[]? shown = null;
        var rest = raw.Span[at..];
        _mark = 0;
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOfAny((byte)'\r', (byte)'\n');
            if (fields.Take(rest[..end], at, this) is var field and not SseField.Value && SseLine.IsSplit(rest[..end]))
            {
                isSplit |= field == SseField.Name;
                shown ??= raw.ToArray();
                shown.AsSpan(at, end).Fill((byte)' ');
                shown[at] = (byte)':';
            }

            var passed = end + (rest[end..].StartsWith("\r\n"u8) ? 2 : 1);
            at += passed;
            rest = rest[passed..];
        }

        return new()
        {
            Raw = raw,
            Shown = shown ?? raw,
            IsSplit = isSplit,
            Event = fields.Event is "" ? null : fields.Event,
            Id = fields.Id,
            Retry = fields.Retry,
            HasData = fields.DataLines > 0,
            Data = fields.DataLines > 1 ? _joined.AsMemory(0, fields.DataLength) : raw.Slice(fields.DataStart, fields.DataLength),
            IsCommentOnly = fields is { DataLines: 0, Event: null, Id: null, Retry: null },
        };
    }

    private void Join(ReadOnlySpan<byte> line, int length)
    {
        if (_joined.Length < length + line.Length)
        {
            Array.Resize(ref _joined, Math.Max(_joined.Length * 2, length + line.Length));
        }

        line.CopyTo(_joined.AsSpan(length));
    }

    private ref struct Fields
    {
        public string? Event;
        public string? Id;
        public long? Retry;
        public int DataLines;
        public int DataStart;
        public int DataLength;
        private ReadOnlySpan<byte> _firstData;

        public SseField Take(ReadOnlySpan<byte> line, int at, SseReader reader)
        {
            var colon = line.IndexOf((byte)':');
            var name = colon < 0 ? line : line[..colon];
            var value = colon < 0 ? [] : line[(colon + 1)..];
            value = value.StartsWith(" "u8) ? value[1..] : value;
            if (name.SequenceEqual("data"u8))
            {
                Data(value, at + line.Length - value.Length, reader);
                return SseField.Value;
            }

            if (name.SequenceEqual("event"u8))
            {
                Event = Encoding.UTF8.GetString(value);
                return SseField.Name;
            }

            if (name.SequenceEqual("id"u8))
            {
                Id = value.Contains((byte)0) ? Id : Encoding.UTF8.GetString(value);
                return SseField.Name;
            }

            if (name.SequenceEqual("retry"u8) && Utf8Parser.TryParse(value, out ulong retry, out var read) && read == value.Length && retry <= long.MaxValue)
            {
                Retry = (long)retry;
                return SseField.Value;
            }

            return SseField.Nothing;
        }

        /// <summary>A single line stays where it lies; from the second on they are copied together.</summary>
        private void Data(ReadOnlySpan<byte> value, int at, SseReader reader)
        {
            if (DataLines == 0)
            {
                DataStart = at;
                DataLength = value.Length;
                _firstData = value;
            }
            else
            {
                if (DataLines == 1)
                {
                    reader.Join(_firstData, 0);
                }

                reader.Join("\n"u8, DataLength);
                reader.Join(value, DataLength + 1);
                DataLength += 1 + value.Length;
            }

            DataLines++;
        }
    }
}
