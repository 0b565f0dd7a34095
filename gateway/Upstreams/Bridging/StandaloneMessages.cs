using System.Globalization;

namespace McpLedger.Gateway.Upstreams.Bridging;

/// <summary>
/// The messages of a session that belong to no request: numbered, kept for the GET stream until it comes, and a while after for a client that resumes.
/// When the bound is reached the oldest go; those that nobody had read are counted.
/// </summary>
internal sealed class StandaloneMessages(BridgeLimits limits, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Queue<(long Id, ReadOnlyMemory<byte> Message)> _kept = new();
    private long _last;
    private long _read;
    private long _bytes;
    private int _reader;
    private bool _isAttached;
    private bool _closed;
    private TaskCompletionSource _changed = New();

    /// <summary>True while a GET stream is open.</summary>
    public bool IsAttached
    {
        get
        {
            lock (_lock)
            {
                return _isAttached;
            }
        }
    }

    /// <summary>Keeps a message; gives how many unread ones had to go for it.</summary>
    public int Add(ReadOnlyMemory<byte> message)
    {
        var lost = 0;
        lock (_lock)
        {
            _kept.Enqueue((++_last, message));
            _bytes += message.Length;
            while (_kept.Count > 1 && (_kept.Count > limits.MaxKept || _bytes > limits.MaxKeptBytes))
            {
                var (id, oldest) = _kept.Dequeue();
                _bytes -= oldest.Length;
                lost += id > _read ? 1 : 0;
            }

            Signal();
        }

        return lost;
    }

    /// <summary>Ends the stream: the session is over.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            Signal();
        }
    }

    /// <summary>
    /// Opens the GET stream. A second one takes the first one's place: the client that comes again is believed to know that its old connection is dead.
    /// </summary>
    /// <param name="lastEventId">What the client saw last; anything but a number of ours begins after what was read before.</param>
    /// <param name="used">Called when a message is handed out, and when the reader is done.</param>
    public EventBody Open(string? lastEventId, Action used)
    {
        int reader;
        long position;
        lock (_lock)
        {
            reader = ++_reader;
            _isAttached = true;
            position = long.TryParse(lastEventId, NumberStyles.None, CultureInfo.InvariantCulture, out var seen) && seen <= _last ? seen : _read;
            Signal();
        }

        return new(NextAsync, Leave);

        // Used before it is free: whoever looks between the two must not take a session that was listened to until now for an idle one.
        void Leave()
        {
            used();
            Release(reader);
        }

        async ValueTask<ReadOnlyMemory<byte>> NextAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                Task changed;
                lock (_lock)
                {
                    if (reader != _reader)
                    {
                        return default;
                    }

                    if (TryNext(position, out var next))
                    {
                        position = next.Id;
                        _read = Math.Max(_read, next.Id);
                        used();
                        return SseFrame.Write(next.Message.Span, next.Id.ToString(CultureInfo.InvariantCulture), type: null, retry: null);
                    }

                    if (_closed)
                    {
                        return default;
                    }

                    changed = _changed.Task;
                }

                try
                {
                    await changed.WaitAsync(limits.KeepAlive, time, cancellationToken);
                }
                catch (TimeoutException)
                {
                    return SseFrame.KeepAlive;
                }
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private bool TryNext(long position, out (long Id, ReadOnlyMemory<byte> Message) next)
    {
        foreach (var kept in _kept)
        {
            if (kept.Id > position)
            {
                next = kept;
                return true;
            }
        }

        next = default;
        return false;
    }

    private void Signal()
    {
        _changed.TrySetResult();
        _changed = New();
    }

    private void Release(int reader)
    {
        lock (_lock)
        {
            if (reader == _reader)
            {
                _isAttached = false;
            }
        }
    }
}
