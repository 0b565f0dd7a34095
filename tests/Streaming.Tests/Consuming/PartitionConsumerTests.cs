using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Streaming.Consuming;
using McpLedger.Streaming.Parking;
using McpLedger.Testing.Ledgers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Streaming.Tests.Consuming;

public sealed class PartitionConsumerTests : IAsyncLifetime
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(30);

    private readonly FoldHandler _handler = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddLogging().AddMetrics().AddSingleton<ConsumerTelemetry>().BuildServiceProvider();
    private readonly CancellationTokenSource _stop = new();
    private TemporaryLedger _ledger = null!;
    private ParkingFolder _parking = null!;
    private PartitionConsumer _consumer = null!;

    public async ValueTask InitializeAsync()
    {
        _ledger = await TemporaryLedger.OpenAsync();
        _parking = new(_ledger.Folder, TimeProvider.System);
        _consumer = Consumer(_ledger.Ledger);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _stop.Dispose();
        _consumer.Dispose();
        await _ledger.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task Every_record_is_handled_once_and_in_order_while_more_arrive()
    {
        await AppendAsync(50);
        var run = _consumer.RunAsync(_stop.Token);
        await AppendAsync(500);
        await PositionAsync(551);
        Assert.Equal(Enumerable.Range(0, 551).Select(i => (long)i), _handler.Applied);
        Assert.Equal(new(551, 551, 0, 0, 551, null), _consumer.State);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public void A_consumer_that_is_disposed_of_is_seen_no_more()
    {
        var seen = new List<string?>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Meter.Scope == _services.GetRequiredService<IMeterFactory>() && instrument.Name == "mcpledger.consumer.position")
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => seen.Add(string.Join(' ', tags.ToArray().Select(t => t.Value))));
        listener.Start();
        using (Consumer(_ledger.Ledger))
        {
            listener.RecordObservableInstruments();
            Assert.Equal(["fold calls-0", "fold calls-0"], seen);
        }

        seen.Clear();
        listener.RecordObservableInstruments();
        Assert.Equal(["fold calls-0"], seen);
    }

    [Fact]
    public async Task A_record_that_cannot_be_handled_is_parked_with_its_bytes_and_reason_and_the_others_are_handled()
    {
        await AppendAsync(20);
        _handler.FailWith = batch => batch.Records.Any(r => r.Offset is 7 or 8) ? new FormatException("no such shape") : null;
        var run = _consumer.RunAsync(_stop.Token);
        await PositionAsync(21);
        Assert.Equal(new(21, 19, 2, 0, 21, null), _consumer.State);
        Assert.DoesNotContain(7, _handler.Applied);
        Assert.Equal(19, _handler.Applied.Length);
        var parked = await _parking.ListAsync(CancellationToken.None);
        Assert.Equal([7L, 8L], parked.Select(p => p.Offset));
        Assert.All(parked, p => Assert.Equal("FormatException: no such shape", p.Reason));
        Assert.Equal((await _ledger.Ledger.ReadAsync(LedgerPartition.Calls, 7, 1, CancellationToken.None)).Records[0].Bytes.ToArray(), (await _parking.TakeAsync(parked[0], CancellationToken.None)).Bytes.ToArray());

        _handler.FailWith = batch => batch.Records.Any(r => r.Offset == 8) ? new FormatException("still") : null;
        Assert.Equal((1, "calls-0 offset 8: still"), await _consumer.ReplayParkedAsync(CancellationToken.None));
        Assert.Equal(8, Assert.Single(await _parking.ListAsync(CancellationToken.None)).Offset);
        Assert.Contains(7, _handler.Applied);
        Assert.Equal(21, await _handler.PositionAsync(LedgerPartition.Calls, CancellationToken.None));
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task A_record_that_somebody_else_replayed_meanwhile_is_done()
    {
        await AppendAsync(9);
        _handler.FailWith = batch => batch.Records.Any(r => r.Offset is 7 or 8 or 9) ? new FormatException("no such shape") : null;
        var run = _consumer.RunAsync(_stop.Token);
        await PositionAsync(10);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
        var parked = await _parking.ListAsync(CancellationToken.None);
        _handler.FailWith = batch =>
        {
            if (batch.Records is [{ Offset: 7 }])
            {
                Assert.True(_parking.ForgetAsync(parked[1], CancellationToken.None).AsTask().IsCompletedSuccessfully);
            }

            return null;
        };
        Assert.Equal((2, null), await _consumer.ReplayParkedAsync(CancellationToken.None));
        Assert.Empty(await _parking.ListAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(7)]
    [InlineData(5000)]
    public async Task What_the_ledger_does_not_hold_is_not_handed_over_once_more_whoever_parked_it(long offset)
    {
        await AppendAsync(9);
        _handler.FailWith = batch => batch.Records.Any(r => r.Offset == 8) ? new FormatException("no such shape") : null;
        var run = _consumer.RunAsync(_stop.Token);
        await PositionAsync(10);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
        _handler.FailWith = _ => null;
        var handled = _handler.Applied;
        await _parking.ParkAsync("fold", new(LedgerPartition.Calls, offset, "{}"u8.ToArray()), "made up", CancellationToken.None);

        var (count, failure) = await _consumer.ReplayParkedAsync(CancellationToken.None);

        // What is genuine is handed over all the same.
        Assert.Equal(1, count);
        Assert.Equal([.. handled, 8L], _handler.Applied);
        Assert.Equal($"calls-0 offset {offset}: what was parked is not what the ledger holds there", failure);
        Assert.Equal(offset, Assert.Single(await _parking.ListAsync(CancellationToken.None)).Offset);
    }

    [Fact]
    public async Task What_retention_dropped_after_it_was_parked_is_not_handed_over_once_more()
    {
        await AppendAsync(900, new string('x', 900));
        _handler.FailWith = batch => batch.Records.Any(r => r.Offset is 7) ? new FormatException("no such shape") : null;
        var run = _consumer.RunAsync(_stop.Token);
        await PositionAsync(901);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
        Assert.NotEmpty(await _ledger.Ledger.DropThroughAsync(LedgerPartition.Calls, 500, CancellationToken.None));
        _handler.FailWith = _ => null;

        var (count, failure) = await _consumer.ReplayParkedAsync(CancellationToken.None);

        Assert.Equal(0, count);
        Assert.Contains("is not in the ledger any more", failure, StringComparison.Ordinal);
        Assert.DoesNotContain(7, _handler.Applied);
    }

    [Theory]
    [InlineData(typeof(IOException))]
    [InlineData(typeof(UnauthorizedAccessException))]
    public async Task Lost_infrastructure_parks_nothing_and_is_tried_again_until_it_is_back(Type failure)
    {
        await AppendAsync(5);
        var failures = 0;
        _handler.FailWith = _ => ++failures < 6 ? (Exception)Activator.CreateInstance(failure, "database is gone")! : null;
        var run = _consumer.RunAsync(_stop.Token);
        await PositionAsync(6);
        Assert.Equal(6, failures);
        Assert.Empty(await _parking.ListAsync(CancellationToken.None));
        Assert.Equal(new(6, 6, 0, 0, 6, null), _consumer.State);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task A_consumer_that_is_held_up_says_how_far_it_is_behind_and_one_that_is_run_again_goes_on()
    {
        await AppendAsync(20);
        _handler.FailWith = batch => batch.Records.Count > 0 ? new IOException("database is gone") : null;
        var run = _consumer.RunAsync(_stop.Token);
        while (_consumer.Lag.Records != 21)
        {
            await Task.Delay(5);
        }

        Assert.True(_consumer.Lag.Age > TimeSpan.Zero);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
        Assert.Equal((default, 0L), (_consumer.Lag, _consumer.State.InFlight));
        _handler.FailWith = _ => null;
        using var stop = new CancellationTokenSource();
        run = _consumer.RunAsync(stop.Token);
        await PositionAsync(21);
        while (_consumer.Lag != default)
        {
            await Task.Delay(5);
        }

        Assert.Equal(new(21, 21, 0, 0, 21, null), _consumer.State);
        await stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task A_consumer_whose_handler_fails_sees_the_ledger_grow()
    {
        await AppendAsync(20);
        var time = new FakeTimeProvider();
        using var consumer = Consumer(_ledger.Ledger, time);
        _handler.FailWith = batch => batch.Records.Count > 0 ? new IOException("database is gone") : null;
        var run = consumer.RunAsync(_stop.Token);
        await UntilAsync(() => consumer.Lag.Records == 21);
        await AppendAsync(10);
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return consumer.Lag.Records == 31;
        });
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task A_consumer_that_meets_damage_is_behind_and_says_for_how_long()
    {
        await AppendAsync(3);
        var time = new FakeTimeProvider();
        var broken = new BreakableReader(_ledger.Ledger) { BrokenAt = 4 };
        using var consumer = Consumer(broken, time);
        var run = consumer.RunAsync(_stop.Token);
        await UntilAsync(() => consumer.State.Position == 4);
        await AppendAsync(6);
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return consumer.Lag.Records == 6 && consumer.Lag.Age >= TimeSpan.FromSeconds(5);
        });
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task A_consumer_whose_position_cannot_be_had_says_for_how_long()
    {
        var time = new FakeTimeProvider();
        _handler.PositionFailsWith = new IOException("database is gone");
        using var consumer = Consumer(_ledger.Ledger, time);
        var run = consumer.RunAsync(_stop.Token);
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return consumer.Lag.Age >= TimeSpan.FromSeconds(5);
        });
        _handler.PositionFailsWith = null;
        await UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return consumer.State.Position == 1 && consumer.Lag == default;
        });
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task A_consumer_goes_on_where_its_handler_stood()
    {
        await AppendAsync(5);
        var run = _consumer.RunAsync(_stop.Token);
        await PositionAsync(6);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
        await AppendAsync(5);
        using var again = Consumer(_ledger.Ledger);
        using var stop = new CancellationTokenSource();
        run = again.RunAsync(stop.Token);
        await UntilAsync(() => again.State.Position == 11);
        Assert.Equal(Enumerable.Range(0, 11).Select(i => (long)i), _handler.Applied);
        Assert.Equal(5, again.State.Received);
        await stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task Damage_stops_a_consumer_visibly_and_it_goes_on_when_the_ledger_is_whole_again()
    {
        var broken = new BreakableReader(_ledger.Ledger) { BrokenAt = 4 };
        await AppendAsync(9);
        using var consumer = Consumer(broken);
        var run = consumer.RunAsync(_stop.Token);
        await UntilAsync(() => consumer.State.Trouble == "broken on purpose");
        Assert.Equal([0L, 1, 2, 3], _handler.Applied);
        Assert.Equal(4, consumer.State.Position);
        broken.BrokenAt = long.MaxValue;
        await UntilAsync(() => consumer.State is { Position: 10, Trouble: null });
        Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), _handler.Applied);
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task A_consumer_whose_ledger_cannot_be_asked_for_news_waits_and_goes_on()
    {
        var broken = new BreakableReader(_ledger.Ledger) { BrokenAt = long.MaxValue, FailingWaits = 3 };
        using var consumer = Consumer(broken);
        var run = consumer.RunAsync(_stop.Token);
        await UntilAsync(() => broken.FailingWaits <= 0);
        await AppendAsync(3);
        await UntilAsync(() => consumer.State is { Position: 4, Trouble: null });
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
    }

    [Fact]
    public async Task Stopping_lets_the_batch_in_hand_finish()
    {
        await AppendAsync(3);
        using var handed = new SemaphoreSlim(0);
        using var go = new ManualResetEventSlim();
        _handler.FailWith = _ =>
        {
            handed.Release();
            go.Wait();
            return null;
        };
        var run = Task.Run(() => _consumer.RunAsync(_stop.Token));
        Assert.True(await handed.WaitAsync(Enough));
        await _stop.CancelAsync();
        Assert.False(run.IsCompleted);
        go.Set();
        await run.WaitAsync(Enough);
        Assert.Equal(4, _handler.Applied.Length);
        Assert.Equal(_consumer.State.Received, _consumer.State.Handled);
    }

    [Fact]
    public async Task Records_that_arrive_while_a_consumer_gathers_are_handed_over_together()
    {
        var (time, gathering) = (new FakeTimeProvider(), TimeSpan.FromSeconds(1));
        using var consumer = new PartitionConsumer(
            new() { Name = "fold", Gathering = gathering }, LedgerPartition.Calls, _ledger.Ledger, _handler, _parking, time, _services.GetRequiredService<ConsumerTelemetry>());
        var batches = new List<int>();
        _handler.FailWith = batch =>
        {
            batches.Add(batch.Records.Count);
            return null;
        };
        var run = consumer.RunAsync(_stop.Token);
        await UntilAsync(() => consumer.State.Position == 1);
        await AppendAsync(1);
        await AppendAsync(1);
        await UntilAsync(() =>
        {
            time.Advance(gathering);
            return consumer.State.Position == 3;
        });
        await _stop.CancelAsync();
        await run.WaitAsync(Enough);
        Assert.Equal([1, 2], batches);
    }

    private static async Task UntilAsync(Func<bool> reached)
    {
        using var giveUp = new CancellationTokenSource(Enough);
        while (!reached())
        {
            await Task.Delay(2, giveUp.Token);
        }
    }

    private PartitionConsumer Consumer(ILedgerReader reader) => Consumer(reader, TimeProvider.System);

    private PartitionConsumer Consumer(ILedgerReader reader, TimeProvider time) => new(
        new() { Name = "fold", MaxBatchBytes = 8 * 1024, FirstRetryDelay = TimeSpan.FromMilliseconds(1), LongestRetryDelay = TimeSpan.FromMilliseconds(4) },
        LedgerPartition.Calls,
        reader,
        _handler,
        _parking,
        time,
        _services.GetRequiredService<ConsumerTelemetry>());

    private Task PositionAsync(long position) => UntilAsync(() => _consumer.State.Position == position && _consumer.State.InFlight == 0);

    private Task AppendAsync(int records, string detail = "") => Task.WhenAll(Enumerable.Range(0, records).Select(i => _ledger.AppendAsync(LedgerLog.Calls, $"record {i} {detail}")));

    private sealed class BreakableReader(ILedgerReader inner) : ILedgerReader
    {
        private long _brokenAt;
        private int _failingWaits;

        public int FailingWaits
        {
            get => Volatile.Read(ref _failingWaits);
            init => _failingWaits = value;
        }

        public long BrokenAt
        {
            get => Volatile.Read(ref _brokenAt);
            set => Volatile.Write(ref _brokenAt, value);
        }

        public IReadOnlyList<LedgerPartition> Partitions => inner.Partitions;

        public ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken) => inner.BoundsAsync(partition, cancellationToken);

        public async ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken)
        {
            var batch = await inner.ReadAsync(partition, from, maxBytes, cancellationToken);
            var broken = BrokenAt;
            return batch.Next > broken ? new([.. batch.Records.Where(r => r.Offset < broken)], broken, "broken on purpose") : batch;
        }

        public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) =>
            Interlocked.Decrement(ref _failingWaits) >= 0 ? ValueTask.FromException(new IOException("the client has not come back")) : inner.WaitAsync(partition, from, cancellationToken);
    }
}
