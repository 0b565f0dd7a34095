using System.Threading.Channels;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>
/// One request that waits for its answer, and the messages that come before it. The upstream's side offers, the client's side takes;
/// between them is a queue with a bound on messages and on bytes.
/// </summary>
internal sealed class Exchange(BridgeLimits limits, TimeProvider time)
{
    private readonly Channel<Relayed> _messages = Channel.CreateUnbounded<Relayed>(new() { SingleReader = true });
    private readonly Lock _lock = new();
    private int _count;
    private long _bytes;
    private bool _closed;
    private bool _abandoned;
    private TaskCompletionSource? _room;
    private BridgeFault? _fault;

    /// <summary>True once nobody reads any more; what still comes is consumed and forgotten.</summary>
    public bool IsAbandoned
    {
        get
        {
            lock (_lock)
            {
                return _abandoned;
            }
        }
    }

    /// <summary>
    /// Takes one message of the upstream. While the queue is full this waits, and the upstream with it, for as long as <paramref name="stall"/>;
    /// then the answer breaks off. False when it did.
    /// </summary>
    public async ValueTask<bool> OfferAsync(ReadOnlyMemory<byte> message, bool isFinal, TimeSpan stall, CancellationToken cancellationToken)
    {
        while (!TryAdd(new(message, isFinal), out var room))
        {
            try
            {
                await room!.WaitAsync(stall, time, cancellationToken);
            }
            catch (TimeoutException)
            {
                Fail(new(502, "The client did not read its answer; what the server sent no longer fits the queue."));
                return false;
            }
        }

        return true;
    }

    /// <summary>No answer will come.</summary>
    public void Fail(BridgeFault fault)
    {
        lock (_lock)
        {
            if (!_closed)
            {
                _fault = fault;
                Close();
            }
        }
    }

    /// <summary>The client is gone. What still comes is forgotten.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _abandoned = true;
            Close();
        }

        while (_messages.Reader.TryRead(out _))
        {
        }
    }

    /// <summary>The next message, or the fault that stands in its place; waits at most <paramref name="patience"/>.</summary>
    public async ValueTask<Taken> TakeAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!_messages.Reader.TryRead(out var message))
        {
            try
            {
                var wait = _messages.Reader.WaitToReadAsync(cancellationToken).AsTask();
                if (!await wait.WaitAsync(patience > TimeSpan.Zero ? patience : Timeout.InfiniteTimeSpan, time, cancellationToken) || !_messages.Reader.TryRead(out message))
                {
                    return new(default, _fault ?? new(502, "The answer ended before it was complete."));
                }
            }
            catch (TimeoutException)
            {
                return new(default, new(504, $"The server sent nothing for {patience.TotalSeconds:0.#} s. Its answer is no longer waited for."));
            }
        }

        lock (_lock)
        {
            _count--;
            _bytes -= message.Message.Length;
            _room?.TrySetResult();
            _room = null;
        }

        return new(message, null);
    }

    /// <summary>The answer as a stream that begins with <paramref name="first"/>, as long as the client reads it.</summary>
    public EventBody ToBody(Relayed first, TimeSpan patience, Action release)
    {
        var isFirst = true;
        var isOver = false;
        return new(NextAsync, release);

        async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
        {
            if (isOver)
            {
                return default;
            }

            var taken = isFirst ? new(first, null) : await TakeAsync(patience, cancellationToken);
            isFirst = false;
            if (taken.Fault is { } fault)
            {
                throw new IOException(fault.Reason);
            }

            isOver = taken.Message.IsFinal;
            return SseFrame.Write(taken.Message.Message.Span, id: null, type: null, retry: null);
        }
    }

    private bool TryAdd(in Relayed message, out Task? room)
    {
        room = null;
        lock (_lock)
        {
            if (_closed)
            {
                return true;
            }

            // The final answer always has room: it is the one message that frees everything else.
            if (!message.IsFinal && _count > 0 && (_count >= limits.MaxQueued || _bytes + message.Message.Length > limits.MaxQueuedBytes))
            {
                _room ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
                room = _room.Task;
                return false;
            }

            _count++;
            _bytes += message.Message.Length;
            _messages.Writer.TryWrite(message);
            if (message.IsFinal)
            {
                Close();
            }

            return true;
        }
    }

    private void Close()
    {
        _closed = true;
        _messages.Writer.TryComplete();
        _room?.TrySetResult();
        _room = null;
    }
}

/// <summary>One message on its way to the client.</summary>
/// <param name="Message">The upstream's bytes.</param>
/// <param name="IsFinal">True for the response itself.</param>
internal readonly record struct Relayed(ReadOnlyMemory<byte> Message, bool IsFinal);

/// <summary>A message, or the fault in its place.</summary>
internal readonly record struct Taken(Relayed Message, BridgeFault? Fault);
