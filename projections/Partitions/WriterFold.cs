using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.Partitions;

/// <summary>A process that writes to a partition, from its start to its end: one chain.</summary>
public sealed record WriterView
{
    /// <summary>Id of the chain: <c>{instance}/{boot epoch}/{partition}</c>.</summary>
    public required string Chain { get; init; }

    /// <summary>Version of the program.</summary>
    public string? Version { get; init; }

    /// <summary>Name of the machine.</summary>
    public string? Host { get; init; }

    /// <summary>Recording mode in force.</summary>
    public string? Record { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When it ended in good order; null while it runs, and when it ended otherwise.</summary>
    public DateTimeOffset? Stopped { get; init; }

    /// <summary>Last sign of life.</summary>
    public required DateTimeOffset LastSign { get; init; }

    /// <summary>Records written, by its own count.</summary>
    public long Written { get; init; }

    /// <summary>Messages that arrived.</summary>
    public long Received { get; init; }

    /// <summary>Messages answered or passed on.</summary>
    public long Handled { get; init; }

    /// <summary>Events not recorded.</summary>
    public long Dropped { get; init; }
}

/// <summary>Keeps the list of writers.</summary>
internal static class WriterFold
{
    public static Fold<WriterView> Fold { get; } = new("writers", Keys, Evolve, ViewJson.Default.WriterView);

    private static IEnumerable<string> Keys(LedgerEvent read) => read.Data is WriterStarted or WriterStopped or Heartbeat ? [read.Header.Chain.Chain] : [];

    private static WriterView? Evolve(WriterView? view, string key, LedgerEvent read)
    {
        view = (view ?? new() { Chain = key, LastSign = read.Header.Time }) with { LastSign = read.Header.Time };
        return read.Data switch
        {
            WriterStarted e => view with { Version = e.Version, Host = e.Host, Record = e.Record, Started = read.Header.Time },
            WriterStopped e => view with { Stopped = read.Header.Time, Written = e.Written },
            Heartbeat e => view with { Written = e.Written, Received = e.Received, Handled = e.Handled, Dropped = e.Dropped },
            _ => view,
        };
    }
}
