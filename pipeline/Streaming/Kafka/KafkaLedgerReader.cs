using McpLedger.Contracts.Events;

namespace McpLedger.Streaming.Kafka;

/// <summary>
/// Reads a ledger's partitions out of Kafka, without a consumer group: whoever reads keeps the position. Several readers of a partition, and several
/// partitions, are read beside each other, each from a cursor of its own that fetches ahead within its bound.
/// </summary>
public sealed class KafkaLedgerReader : ILedgerReader, IAsyncDisposable
{
    private const int MostCursors = 16;
    private const int MostIdle = 4;

    // Each keeps its threads and what it had fetched.
    private const int MostStuck = 32;
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    private readonly KafkaLedgerOptions _options;
    private readonly KafkaClients _clients;
    private readonly TimeProvider _time;
    private readonly TopicNames _topics;
    private readonly Lock _gate = new();
    private readonly Dictionary<LedgerPartition, Shelf> _shelves = [];
    private readonly HashSet<PartitionCursor> _alive = [];
    private readonly ITimer _tidy;
    private volatile string? _refusal;
    private bool _disposed;

    /// <summary>A reader; nothing is connected before the first read.</summary>
    /// <exception cref="ArgumentException">The options contradict themselves.</exception>
    public KafkaLedgerReader(KafkaLedgerOptions options, KafkaTelemetry telemetry, TimeProvider time)
    {
        if (options.Fault() is { } fault)
        {
            throw new ArgumentException(fault, nameof(options));
        }

        (_options, _clients, _time, _topics) = (options, new(options, telemetry), time, new(options.TopicPrefix));
        Partitions = [.. Enumerable.Range(0, options.Partitions).Select(static n => new LedgerPartition(LedgerLog.Calls, n)), LedgerPartition.Control];
        foreach (var partition in Partitions)
        {
            _shelves.Add(partition, new());
        }

        _tidy = time.CreateTimer(static reader => ((KafkaLedgerReader)reader!).Tidy(), this, Idle / 2, Idle / 2);
    }

    /// <inheritdoc/>
    public IReadOnlyList<LedgerPartition> Partitions { get; }

    /// <inheritdoc/>
    /// <exception cref="IOException">The cluster does not answer.</exception>
    public async ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) =>
        await UseAsync(partition, from: null, static c => c.BoundsAsync(), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="IOException">The cluster does not answer.</exception>
    public async ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken)
    {
        if (_refusal is { } refusal)
        {
            return new([], from, refusal);
        }

        if (TakeMet(partition, from) is { } met)
        {
            return new([], from, met);
        }

        try
        {
            var batch = await UseAsync(partition, from, c => c.ReadAsync(from, maxBytes), cancellationToken).ConfigureAwait(false);
            if (batch.Damage is not null)
            {
                Doubted?.Invoke();
            }

            return batch;
        }
        catch (IOException)
        {
            Doubted?.Invoke();
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) =>
        await UseAsync(partition, from, async c =>
        {
            // Whoever waited no longer is told by the next read at that place all the same.
            if (await c.WaitAsync(from, cancellationToken).ConfigureAwait(false) is { } damage)
            {
                Meet(partition, from, damage);
                Doubted?.Invoke();
            }

            return true;
        }, cancellationToken).ConfigureAwait(false);

    /// <summary>Is told when a partition is not as it was left, or cannot be read.</summary>
    internal Action? Doubted { get; set; }

    /// <summary>The topics are not this ledger's any more: whoever reads is told so, and gets nothing of what stands there.</summary>
    internal void Refuse(string reason) => _refusal = reason;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _tidy.DisposeAsync().ConfigureAwait(false);
        Task[] ending;
        lock (_gate)
        {
            _disposed = true;
            foreach (var cursor in _shelves.Values.SelectMany(static s => s.Idle))
            {
                cursor.Close();
            }

            // Those that are lent are closed when they come back.
            ending = [.. _alive.Where(static c => !c.IsStuck).Select(static c => c.Ended)];
        }

        await Task.WhenAll(ending).EndsAsync(_clients.Telemetry).ConfigureAwait(false);
    }

    private void Meet(LedgerPartition partition, long from, string damage)
    {
        lock (_gate)
        {
            var met = _shelves[partition].Met;
            if (met.Count == MostCursors && !met.ContainsKey(from))
            {
                met.Remove(met.Keys.Min());
            }

            met[from] = damage;
        }
    }

    private string? TakeMet(LedgerPartition partition, long from)
    {
        lock (_gate)
        {
            return _shelves.TryGetValue(partition, out var shelf) && shelf.Met.Remove(from, out var damage) ? damage : null;
        }
    }

    /// <summary>Lets a cursor do something. A wait that is cancelled ends at once; its cursor is put back when it has noticed.</summary>
    private async Task<T> UseAsync<T>(LedgerPartition partition, long? from, Func<PartitionCursor, Task<T>> use, CancellationToken cancellationToken)
    {
        if (!_shelves.TryGetValue(partition, out var shelf))
        {
            throw new ArgumentOutOfRangeException(nameof(partition), partition, $"The ledger has {_options.Partitions} partitions of calls and one of control.");
        }

        await shelf.Free.WaitAsync(cancellationToken).ConfigureAwait(false);
        PartitionCursor cursor;
        try
        {
            cursor = Take(partition, shelf, from);
        }
        catch
        {
            shelf.Free.Release();
            throw;
        }

        return await LendAsync(shelf, cursor, use).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<T> LendAsync<T>(Shelf shelf, PartitionCursor cursor, Func<PartitionCursor, Task<T>> use)
    {
        try
        {
            return await use(cursor).ConfigureAwait(false);
        }
        finally
        {
            PutBack(shelf, cursor);
        }
    }

    private PartitionCursor Take(LedgerPartition partition, Shelf shelf, long? from)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var found = from is null ? shelf.Idle.FirstOrDefault() : shelf.Idle.Find(c => c.Next == from);
            found ??= shelf.Idle.Count >= MostIdle ? shelf.Idle.MinBy(static c => c.Used) : null;
            if (found is not null)
            {
                shelf.Idle.Remove(found);
                return found;
            }

            if (_alive.Count(static c => c.IsStuck) >= MostStuck)
            {
                throw new IOException($"{partition} cannot be read from Kafka: {MostStuck} clients have not come back. Restart this process.");
            }

            // Under the gate: one that is made while the reader is disposed of is either refused above or waited for there.
            var made = new PartitionCursor(partition, _topics.Of(partition), _clients, _options.AnswerTimeout);
            _alive.Add(made);
            _ = made.Ended.ContinueWith(_ => Forget(made), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            return made;
        }
    }

    private void Forget(PartitionCursor cursor)
    {
        lock (_gate)
        {
            _alive.Remove(cursor);
        }
    }

    private void PutBack(Shelf shelf, PartitionCursor cursor)
    {
        lock (_gate)
        {
            cursor.Used = _time.GetTimestamp();
            if (_disposed || cursor.IsStuck)
            {
                cursor.Close();
            }
            else
            {
                shelf.Idle.Add(cursor);
            }
        }

        shelf.Free.Release();
    }

    private void Tidy()
    {
        lock (_gate)
        {
            foreach (var shelf in _shelves.Values)
            {
                foreach (var cursor in shelf.Idle.FindAll(c => _time.GetElapsedTime(c.Used) > Idle))
                {
                    shelf.Idle.Remove(cursor);
                    cursor.Close();
                }
            }
        }
    }

    private sealed class Shelf
    {
        public List<PartitionCursor> Idle { get; } = [];

        /// <summary>By offset, damage that one who waited met and no read has told yet.</summary>
        public Dictionary<long, string> Met { get; } = [];

        public SemaphoreSlim Free { get; } = new(MostCursors);
    }
}
