using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes;
using McpLedger.Streaming;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace McpLedger.Projections.Tests.Homes;

public sealed class ProgressTests
{
    [Fact]
    public void A_partition_is_measured_once_however_often_it_began_and_no_more_when_it_is_kept_elsewhere()
    {
        using var meter = new Meter("progress");
        var lags = new List<long>();
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, lag, _, _) => lags.Add(lag));
        var progress = new Progress(new Given(61).Ledger(50), new FakeTimeProvider(), new(new OneMeter(meter), NullLogger<ProjectionTelemetry>.Instance));
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == meter && instrument.Name == "mcpledger.projections.lag")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.Start();

        progress.Began(LedgerPartition.Calls, 0);
        progress.Began(LedgerPartition.Calls, 0);
        listener.RecordObservableInstruments();
        Assert.Single(lags);

        progress.Ended(LedgerPartition.Calls);
        listener.RecordObservableInstruments();
        Assert.Single(lags);
    }

    [Fact]
    public async Task A_ledger_that_does_not_answer_at_once_is_measured_all_the_same()
    {
        using var meter = new Meter("progress");
        long? lag = null;
        using var listener = new MeterListener();
        listener.SetMeasurementEventCallback<long>((_, seen, _, _) => lag = seen);
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == meter && instrument.Name == "mcpledger.projections.lag")
            {
                l.EnableMeasurementEvents(instrument);
            }
        };
        listener.Start();
        var progress = new Progress(new Faraway(61), new FakeTimeProvider(), new(new OneMeter(meter), NullLogger<ProjectionTelemetry>.Instance));
        progress.Began(LedgerPartition.Calls, 0);
        progress.Reached(LedgerPartition.Calls, 11, 1);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (lag != 50)
        {
            await Task.Delay(5, patience.Token);
            listener.RecordObservableInstruments();
        }
    }

    /// <summary>Answers as a cluster does: later, and not always.</summary>
    private sealed class Faraway(long end) : ILedgerReader
    {
        private int _asked;

        public IReadOnlyList<LedgerPartition> Partitions => [LedgerPartition.Calls];

        public async ValueTask<LedgerBounds> BoundsAsync(LedgerPartition partition, CancellationToken cancellationToken)
        {
            await Task.Delay(1, cancellationToken);
            return Interlocked.Increment(ref _asked) % 2 == 1 ? throw new IOException("no answer") : new(0, end);
        }

        public ValueTask<ReadBatch> ReadAsync(LedgerPartition partition, long from, int maxBytes, CancellationToken cancellationToken) => throw new NotSupportedException();

        public ValueTask WaitAsync(LedgerPartition partition, long from, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class OneMeter(Meter meter) : IMeterFactory
    {
        public Meter Create(MeterOptions options) => meter;

        public void Dispose()
        {
        }
    }
}
