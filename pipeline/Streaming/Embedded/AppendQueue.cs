using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>What stands between those who append and the writer's thread: bounded, and closed at once while nothing can be stored.</summary>
internal sealed class AppendQueue(EmbeddedLedgerOptions options)
{
    private readonly object _gate = new();
    private readonly Queue<PendingAppend> _queue = new();
    private long _bytes;
    private bool _idle;
    private bool _closing;
    private bool _probeDue;
    private string? _failure;

    /// <summary>Why nothing is taken; null while appends are.</summary>
    public string? Failure
    {
        get
        {
            lock (_gate)
            {
                return _failure;
            }
        }
    }

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _queue.Count;
            }
        }
    }

    /// <summary>Takes a copy of a draft and says what became of it once that is known.</summary>
    /// <param name="draft">The event.</param>
    /// <param name="partition">The partition whose chain it goes on.</param>
    /// <param name="own">The ledger's own events, few and small, go past the bounds.</param>
    /// <param name="cancellationToken">Ends the wait, not the append.</param>
    public ValueTask<Appended> Add(EventDraft draft, LedgerPartition partition, bool own, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_failure is not null || _closing)
            {
                return new(new Appended(AppendStatus.Unavailable, partition, 0));
            }

            var length = draft.Tail.Length;
            if (!own && (_queue.Count >= options.MaxQueuedAppends || _bytes + length > options.MaxQueuedBytes))
            {
                return new(new Appended(AppendStatus.Pushback, partition, 0));
            }

            var pending = PendingAppend.Of(draft, partition);
            var task = pending.Task;
            _queue.Enqueue(pending);
            _bytes += length;
            pending.CancelWith(cancellationToken);
            Wake();
            return task;
        }
    }

    /// <summary>Blocks until something waits, a probe is due or the queue is closed, and moves what fits into <paramref name="group"/>: at least one when one waits.</summary>
    /// <param name="group">Where to.</param>
    /// <param name="room">Bytes there are.</param>
    /// <param name="framed">Bytes that a draft's tail may take.</param>
    /// <param name="probe">Whether a probe is due.</param>
    /// <returns>False when the queue is closed and empty.</returns>
    public bool Take(List<PendingAppend> group, long room, Func<int, int> framed, out bool probe)
    {
        lock (_gate)
        {
            while (_queue.Count == 0 && !_closing && !_probeDue)
            {
                _idle = true;
                Monitor.Wait(_gate);
            }

            _idle = false;
            (probe, _probeDue) = (_probeDue, false);
            while (_queue.TryPeek(out var next))
            {
                room -= framed(next.Tail.Length);
                if (room < 0 && group.Count > 0)
                {
                    break;
                }

                _bytes -= next.Tail.Length;
                group.Add(_queue.Dequeue());
            }

            return group.Count > 0 || probe || !_closing;
        }
    }

    /// <summary>Takes nothing more until <see cref="Reopen"/> and refuses what waits.</summary>
    /// <returns>Whether this is news.</returns>
    public bool Refuse(string reason)
    {
        List<PendingAppend> waiting;
        bool news;
        lock (_gate)
        {
            news = _failure != reason;
            _failure = reason;
            waiting = [.. _queue];
            _queue.Clear();
            _bytes = 0;
        }

        foreach (var pending in waiting)
        {
            pending.Release();
        }

        AnsweredGroup.Answer(waiting, AppendStatus.Unavailable, 0);
        return news;
    }

    public void Reopen()
    {
        lock (_gate)
        {
            _failure = null;
        }
    }

    public void ProbeSoon()
    {
        lock (_gate)
        {
            _probeDue = true;
            Wake();
        }
    }

    public void Close()
    {
        lock (_gate)
        {
            _closing = true;
            Wake();
        }
    }

    private void Wake()
    {
        if (_idle)
        {
            _idle = false;
            Monitor.Pulse(_gate);
        }
    }
}
