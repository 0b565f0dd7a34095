using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace McpLedger.Benchmarks.Contenders;

/// <summary>What a gateway's own counters say about the texts that it looked through.</summary>
internal sealed class ScreeningFigures : IDisposable
{
    private const string Texts = "mcpledger.gateway.screening.texts";
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<(string Place, string Stage), long> _texts = new();

    public static ScreeningFigures Listen()
    {
        var figures = new ScreeningFigures();
        figures._listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == Texts)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        figures._listener.SetMeasurementEventCallback<long>((_, count, tags, _) => figures.Add(count, tags));
        figures._listener.Start();
        return figures;
    }

    public void Dispose() => _listener.Dispose();

    public override string ToString() => string.Join("; ", _texts.GroupBy(each => each.Key.Place).OrderBy(place => place.Key).Select(place =>
    {
        var all = place.Sum(each => each.Value);
        return $"{all} texts of {place.Key}: {string.Join(", ", place.OrderByDescending(each => each.Value).Select(each => $"{each.Key.Stage} {100.0 * each.Value / all:0.0} %"))}";
    }));

    private void Add(long count, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var (place, stage) = ("", "");
        foreach (var (name, value) in tags)
        {
            (place, stage) = name == "mcpledger.place" ? ((string)value!, stage) : (place, (string)value!);
        }

        _texts.AddOrUpdate((place, stage), count, (_, before) => before + count);
    }
}
