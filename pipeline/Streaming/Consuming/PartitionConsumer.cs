using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Parking;

namespace McpLedger.Streaming.Consuming;

/// <summary>
/// The loop that every consumer shares: reads a bounded batch, hands it over, tries again what lost infrastructure broke, parks what cannot be handled,
/// and never moves past a record that is neither. Damage in the ledger stops it, visibly, until the ledger is whole again.
/// </summary>
public sealed class PartitionConsumer : IDisposable
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(5);

    private readonly ConsumerOptions _options;
    private readonly ILedgerReader _reader;
    private readonly IRecordHandler _handler;
    private readonly IParkingLot _parking;
    private readonly TimeProvider _time;
    private readonly ConsumerTelemetry _telemetry;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly Lock _gate = new();
    private OffsetWatermark _watermark = new();
    private ConsumerState _state = new(0, 0, 0, 0, -1, null);
    private long _end = -1;
    private long _looked;
    private DateTimeOffset? _oldest;
    private int _failures;

    /// <summary>A consumer of one partition; <see cref="RunAsync"/> sets it going.</summary>
    public PartitionConsumer(ConsumerOptions options, LedgerPartition partition, ILedgerReader reader, IRecordHandler handler, IParkingLot parking, TimeProvider time, ConsumerTelemetry telemetry)
    {
        (_options, Partition, _reader, _handler, _parking, _time, _telemetry) = (options, partition, reader, handler, parking, time, telemetry);
        telemetry.Observe(this);
    }

    /// <summary>The partition it consumes.</summary>
    public LedgerPartition Partition { get; }

    /// <summary>Name of the consumer.</summary>
    public string Name => _options.Name;

    /// <summary>How it stands.</summary>
    public ConsumerState State
    {
        get
        {
            lock (_gate)
            {
                return _state;
            }
        }
    }

    /// <summary>How far it is behind.</summary>
    public ConsumerLag Lag
    {
        get
        {
            lock (_gate)
            {
                // Where it goes on is not known before its handler said so, and how much waits behind that cannot be told.
                return _oldest is { } oldest && (_end > _state.Position || _state.Trouble is not null)
                    ? new(_state.Position < 0 ? 0 : Math.Max(0, _end - _state.Position), _time.GetUtcNow() - oldest)
                    : default;
            }
        }
    }

    /// <summary>
    /// Consumes until <paramref name="stopping"/>; then the batch in hand is finished, within its budget, and this returns. It can be run again: it goes on where its handler then stands.
    /// </summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        Rest();
        using var drain = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        await using var budget = stopping.UnsafeRegister(_ => drain.CancelAfter(_options.DrainBudget), null);
        try
        {
            var position = await LoadAsync(stopping).ConfigureAwait(false);
            while (true)
            {
                stopping.ThrowIfCancellationRequested();
                var batch = await ReadAsync(position, stopping).ConfigureAwait(false);
                if (batch.Records.Count > 0)
                {
                    Received(batch.Records);
                    await LookAsync(batch.Records[^1].Offset + 1, stopping).ConfigureAwait(false);
                    await HandOverAsync(batch.Records, drain.Token, stopping).ConfigureAwait(false);
                    position = batch.Next;
                }

                if (batch.Damage is { } damage)
                {
                    await PauseAsync(damage, stopping).ConfigureAwait(false);
                }
                else if (batch.Bytes < _options.MaxBatchBytes)
                {
                    CaughtUp();
                    await WaitAsync(position, stopping).ConfigureAwait(false);
                    await Task.Delay(_options.Gathering, _time, stopping).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The way it ends: whatever was kept is kept, and the rest is read again at next start.
        }
        finally
        {
            // What is in hand is read again, by the next run or by whoever has the partition then; this one is behind in nothing any more.
            Rest();
            _handler.Ended(Partition);
        }
    }

    /// <summary>
    /// Hands the consumer's parked records of this partition over once more, oldest first, and forgets those that are handled. What the ledger does not hold at their place stays parked:
    /// whoever can write to where records are parked would have others take effect that nobody recorded.
    /// </summary>
    /// <returns>How many were handled, and what the first that was not failed with.</returns>
    public async Task<(int Handled, string? Failure)> ReplayParkedAsync(CancellationToken cancellationToken)
    {
        var handled = 0;
        string? refused = null;
        foreach (var parked in (await _parking.ListAsync(cancellationToken).ConfigureAwait(false)).Where(p => p.Consumer == Name && p.Partition == Partition))
        {
            LedgerRecord record;
            try
            {
                record = await _parking.TakeAsync(parked, cancellationToken).ConfigureAwait(false);
            }
            catch (NotParkedException)
            {
                // Another replica was quicker.
                continue;
            }

            if (await WhyOtherAsync(record, cancellationToken).ConfigureAwait(false) is { } other)
            {
                refused ??= $"{Partition} offset {parked.Offset}: {other}";
                continue;
            }

            if (await TryHandleAsync(new(Partition, [record], Next: null), cancellationToken).ConfigureAwait(false) is { } failure)
            {
                return (handled, refused ?? $"{Partition} offset {parked.Offset}: {failure.Message}");
            }

            await _parking.ForgetAsync(parked, cancellationToken).ConfigureAwait(false);
            handled++;
        }

        return (handled, refused);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _telemetry.Forget(this);
        _turn.Dispose();
    }

    private static bool IsTransient(Exception e) => e is IOException or UnauthorizedAccessException or TimeoutException or DbException or HttpRequestException or SocketException or OperationCanceledException;

    /// <summary>Why a parked record is not the ledger's; null when it is.</summary>
    private async Task<string?> WhyOtherAsync(LedgerRecord record, CancellationToken cancellationToken)
    {
        var bounds = await _reader.BoundsAsync(Partition, cancellationToken).ConfigureAwait(false);
        if (record.Offset < bounds.First)
        {
            return "it is not in the ledger any more";
        }

        var there = record.Offset < bounds.End ? await _reader.ReadAsync(Partition, record.Offset, maxBytes: 1, cancellationToken).ConfigureAwait(false) : null;
        return there?.Records is [var held, ..] && held.Offset == record.Offset && held.Bytes.Span.SequenceEqual(record.Bytes.Span) ? null
            : there?.Damage ?? "what was parked is not what the ledger holds there";
    }

    private async Task<ReadBatch> ReadAsync(long position, CancellationToken stopping)
    {
        try
        {
            return await _reader.ReadAsync(Partition, position, _options.MaxBatchBytes, stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (IsTransient(e) && !stopping.IsCancellationRequested)
        {
            return new([], position, $"the ledger cannot be read: {e.Message}");
        }
    }

    private async Task WaitAsync(long position, CancellationToken stopping)
    {
        try
        {
            await _reader.WaitAsync(Partition, position, stopping).ConfigureAwait(false);
        }
        catch (Exception e) when (IsTransient(e) && !stopping.IsCancellationRequested)
        {
            await PauseAsync($"the ledger cannot be read: {e.Message}", stopping).ConfigureAwait(false);
        }
    }

    private async Task<long> LoadAsync(CancellationToken stopping)
    {
        while (true)
        {
            try
            {
                var position = await _handler.PositionAsync(Partition, stopping).ConfigureAwait(false);
                Clear();
                lock (_gate)
                {
                    _state = _state with { Position = position };
                }

                return position;
            }
            catch (Exception e) when (IsTransient(e) && !stopping.IsCancellationRequested)
            {
                await PauseAsync(e.Message, stopping).ConfigureAwait(false);
            }
        }
    }

    private async Task HandOverAsync(IReadOnlyList<LedgerRecord> records, CancellationToken drain, CancellationToken stopping)
    {
        var whole = true;
        for (var done = 0; done < records.Count;)
        {
            LedgerRecord[] part = whole ? [.. records] : [records[done]];
            var failure = await TryHandleAsync(new(Partition, part, part[^1].Offset + 1), drain).ConfigureAwait(false);
            if (failure is null)
            {
                done += part.Length;
                Done(part, parked: false);
                _telemetry.Handled(Name, part.Length);
            }
            else if (IsTransient(failure))
            {
                await PauseAsync(failure.Message, stopping).ConfigureAwait(false);
            }
            else if (whole && records.Count > 1)
            {
                whole = false;
            }
            else
            {
                await ParkAsync(part[0], failure, drain, stopping).ConfigureAwait(false);
                done++;
            }
        }
    }

    private async Task ParkAsync(LedgerRecord record, Exception failure, CancellationToken drain, CancellationToken stopping)
    {
        var reason = $"{failure.GetType().Name}: {failure.Message}";
        while (true)
        {
            var trouble = await TryParkAsync(record, reason, drain).ConfigureAwait(false) ?? await TryHandleAsync(new(Partition, [], record.Offset + 1), drain).ConfigureAwait(false);
            if (trouble is null)
            {
                Done([record], parked: true);
                _telemetry.Parked(Name, Partition, record.Offset, reason);
                return;
            }

            await PauseAsync(trouble.Message, stopping).ConfigureAwait(false);
        }
    }

    private async Task<Exception?> TryParkAsync(LedgerRecord record, string reason, CancellationToken drain)
    {
        try
        {
            await _parking.ParkAsync(Name, record, reason, drain).ConfigureAwait(false);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OperationCanceledException)
        {
            return e;
        }
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "Edge of the consume loop: any failure of a handler is either tried again or parks a record.")]
    private async Task<Exception?> TryHandleAsync(ConsumedBatch batch, CancellationToken drain)
    {
        try
        {
            await _turn.WaitAsync(drain).ConfigureAwait(false);
        }
        catch (ObjectDisposedException e)
        {
            // A replay that outlived the consumer: the partition is another process's by now.
            return e;
        }

        try
        {
            await _handler.HandleAsync(batch, drain).ConfigureAwait(false);
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task PauseAsync(string trouble, CancellationToken stopping)
    {
        lock (_gate)
        {
            // With no record in hand it is behind from now on, as far as can be told.
            _oldest ??= _time.GetUtcNow();
            _state = _state with { Trouble = trouble };
        }

        _telemetry.Retried(Name, Partition, State.Position, trouble);
        await LookAsync(State.Position, stopping).ConfigureAwait(false);
        await Task.Delay(DoublingDelay.After(_failures++, _options.FirstRetryDelay, _options.LongestRetryDelay), _time, stopping).ConfigureAwait(false);
    }

    private void Rest()
    {
        lock (_gate)
        {
            (_watermark, _failures, _oldest) = (new(), 0, null);
            _state = _state with { Received = _state.Handled + _state.Parked, InFlight = 0, Trouble = null };
        }
    }

    // Asking a cluster for its end costs a round trip, so it is asked seldom; what was read is there in any case.
    private async Task LookAsync(long read, CancellationToken stopping)
    {
        var now = _time.GetTimestamp();
        var known = Math.Max(_end, read);
        if (_looked == 0 || _time.GetElapsedTime(_looked, now) > LookEvery)
        {
            _looked = now;
            try
            {
                known = Math.Max(read, (await _reader.BoundsAsync(Partition, stopping).ConfigureAwait(false)).End);
            }
            catch (Exception e) when (IsTransient(e) && !stopping.IsCancellationRequested)
            {
                // The next look says it.
            }
        }

        lock (_gate)
        {
            _end = known;
        }
    }

    private void CaughtUp()
    {
        Clear();
        lock (_gate)
        {
            _oldest = null;
        }
    }

    private void Received(IReadOnlyList<LedgerRecord> records)
    {
        lock (_gate)
        {
            foreach (var record in records)
            {
                _watermark.Track(record.Offset);
            }

            _oldest = EventReader.TryRead(records[0].Bytes.Span, out var first, out _) ? first!.Header.Time : _oldest;
            _state = _state with { Received = _state.Received + records.Count, InFlight = _watermark.InFlight };
        }
    }

    private void Done(LedgerRecord[] records, bool parked)
    {
        lock (_gate)
        {
            foreach (var record in records)
            {
                _watermark.Complete(record.Offset);
            }

            _ = _watermark.TryTakeCommittable(out var next);
            _failures = 0;
            _state = new(
                _state.Received,
                _state.Handled + (parked ? 0 : records.Length),
                _state.Parked + (parked ? records.Length : 0),
                _watermark.InFlight,
                next,
                null);
        }
    }

    private void Clear()
    {
        lock (_gate)
        {
            _failures = 0;
            _state = _state with { Trouble = null };
        }
    }
}
