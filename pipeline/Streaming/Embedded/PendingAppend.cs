using System.Buffers;
using System.Collections.Concurrent;
using System.Threading.Tasks.Sources;
using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Embedded;

/// <summary>
/// One append on its way: a copy of the draft's bytes (the caller may dispose the draft at once) and who waits for it.
/// Reused, so that an append allocates nothing; one whose wait was cancelled is left to the collector, because two sides still know it.
/// </summary>
internal sealed class PendingAppend : IValueTaskSource<Appended>
{
    private const int MostKept = 4096;
    private const int Waiting = 0;
    private const int Answered = 1;
    private const int Cancelled = 2;

    private static readonly ConcurrentQueue<PendingAppend> Kept = new();
    private static int _kept;

    private ManualResetValueTaskSourceCore<Appended> _source;
    private CancellationTokenRegistration _registration;
    private byte[] _tail = [];
    private int _length;
    private int _state;

    private PendingAppend()
    {
    }

    public ReadOnlySpan<byte> Tail => _tail.AsSpan(0, _length);

    public ValueTask<Appended> Task => new(this, _source.Version);

    /// <summary>The partition whose chain it goes on.</summary>
    public LedgerPartition Partition { get; private set; }

    public static PendingAppend Of(EventDraft draft, LedgerPartition partition)
    {
        var pending = Empty(partition);
        var tail = draft.Tail.Span;
        pending._tail = ArrayPool<byte>.Shared.Rent(tail.Length);
        pending._length = tail.Length;
        tail.CopyTo(pending._tail);
        return pending;
    }

    /// <summary>One without bytes, for a ledger that keeps them elsewhere.</summary>
    public static PendingAppend Empty(LedgerPartition partition)
    {
        if (Kept.TryDequeue(out var pending))
        {
            Interlocked.Decrement(ref _kept);
        }
        else
        {
            pending = new();
        }

        pending._state = Waiting;
        pending.Partition = partition;
        return pending;
    }

    /// <summary>Lets <paramref name="cancellationToken"/> end the wait; the record may be stored all the same.</summary>
    public void CancelWith(CancellationToken cancellationToken)
    {
        if (cancellationToken.CanBeCanceled)
        {
            _registration = cancellationToken.UnsafeRegister(static (state, token) => ((PendingAppend)state!).Cancel(token), this);
        }
    }

    /// <summary>The ledger is done with the bytes.</summary>
    public void Release()
    {
        ArrayPool<byte>.Shared.Return(_tail);
        _tail = [];
        _length = 0;
    }

    /// <summary>Tells the waiter; its continuation runs here.</summary>
    public void Answer(Appended appended)
    {
        if (Interlocked.CompareExchange(ref _state, Answered, Waiting) == Waiting)
        {
            _source.SetResult(appended);
        }
    }

    public Appended GetResult(short token)
    {
        try
        {
            return _source.GetResult(token);
        }
        finally
        {
            _registration.Dispose();
            _registration = default;
            if (_state == Answered && Volatile.Read(ref _kept) < MostKept)
            {
                Interlocked.Increment(ref _kept);
                _source.Reset();
                Kept.Enqueue(this);
            }
        }
    }

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);

    private void Cancel(CancellationToken token)
    {
        if (Interlocked.CompareExchange(ref _state, Cancelled, Waiting) == Waiting)
        {
            _source.SetException(new OperationCanceledException(token));
        }
    }
}
