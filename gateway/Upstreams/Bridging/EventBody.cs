namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>A response body that gives server-sent events as they come; nothing waits for the end.</summary>
/// <param name="next">The next frame; empty at the end. Throws <see cref="IOException"/> when the stream breaks off.</param>
/// <param name="release">Called once when the reader is done, whether at the end or before.</param>
internal sealed class EventBody(Func<CancellationToken, ValueTask<ReadOnlyMemory<byte>>> next, Action release) : Stream
{
    private ReadOnlyMemory<byte> _frame;
    private bool _ended;
    private int _released;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_frame.IsEmpty && !_ended)
        {
            _frame = await next(cancellationToken);
            _ended = _frame.IsEmpty;
        }

        var count = Math.Min(buffer.Length, _frame.Length);
        _frame[..count].CopyTo(buffer);
        _frame = _frame[count..];
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Events are awaited.");

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _released, 1) == 0)
        {
            release();
        }

        base.Dispose(disposing);
    }
}
