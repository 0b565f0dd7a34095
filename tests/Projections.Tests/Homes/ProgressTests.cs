using System.Diagnostics.Metrics;
using McpLedger.Contracts.Events;
using McpLedger.Projections.Homes;
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

    private sealed class OneMeter(Meter meter) : IMeterFactory
    {
        public Meter Create(MeterOptions options) => meter;

        public void Dispose()
        {
        }
    }
}
