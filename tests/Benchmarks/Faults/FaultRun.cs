using System.Diagnostics;
using McpLedger.Benchmarks.Scaled;

namespace McpLedger.Benchmarks.Faults;

/// <summary>Lets faults happen to one topology under load, and holds after each what clients were answered against the log, the log against its seals, and the read models against the log.</summary>
internal sealed class FaultRun(Topology topology, int callers) : IAsyncDisposable
{
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Lag = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly StoredViews _stores = new(topology);
    private readonly CallIds _ids = new(long.MaxValue / 2);
    private readonly AnswerClock _clock = new();
    private LoggedCalls? _log;

    private LoggedCalls Log => _log ??= new(_stores.Reader);

    /// <summary>Lets <paramref name="fault"/> happen for the <paramref name="round"/>th time, from 0.</summary>
    public async Task<FaultRound> RunAsync(Fault fault, int round)
    {
        using var stalls = new StallWatch();
        var wrong = new List<string>();
        var endpoint = new Uri(topology.Address, $"/s/{Topology.Server}/mcp");
        var call = new SessionCall(endpoint, topology.Key);
        using var over = new CancellationTokenSource();
        SessionClient[] load = [.. Enumerable.Range(0, callers).Select(_ => new SessionClient(endpoint, call, _ids, _clock, static () => Task.Delay(Rest)))];
        var running = Task.WhenAll(load.Select(c => Task.Run(() => c.RunAsync(over.Token))));
        await Task.Delay(Before);
        _clock.Set();
        var lifted = 0L;
        await fault.StrikeAsync(topology, round, () => lifted = Stopwatch.GetTimestamp());
        var late = await new Convergence(topology, _stores, Log).WaitAsync(Lag, Patience, wrong.Add);
        var recovered = Stopwatch.GetElapsedTime(lifted);
        wrong.AddRange(late is null ? [] : [$"not recovered after {Patience.TotalSeconds:0} s: {late}"]);
        var (silence, disturbed) = (_clock.LongestSilence, stalls.Count > 0);
        await over.CancelAsync();
        await running;
        wrong.AddRange(load.SelectMany(c => c.Wrong));
        wrong.AddRange(await CompareAsync([.. load.SelectMany(c => c.Answered)]));
        foreach (var reason in load.SelectMany(c => c.Reasons).Distinct().Take(3))
        {
            await Console.Error.WriteLineAsync($"  told: {reason}");
        }

        return new(load.Sum(c => c.Answered.Count), load.Sum(c => c.Refused), load.Sum(c => c.Broken), silence.TotalSeconds, recovered.TotalSeconds, wrong) { Disturbed = disturbed };
    }

    /// <summary>Folds the whole log anew beside the read models, which must be what they were, row by row.</summary>
    public async Task<IReadOnlyList<string>> RebuildAsync()
    {
        var (code, output) = await topology.VerbAsync("rebuild");
        return code == 0 ? [] : [$"rebuild ended with {code}: {output}"];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _stores.DisposeAsync();

    private async Task<IReadOnlyList<string>> CompareAsync(IReadOnlyList<long> answered)
    {
        // What a spool still holds is shipped first; nothing is left out by waiting.
        var began = Stopwatch.GetTimestamp();
        IReadOnlyList<string> missing;
        do
        {
            await Log.ReadOnAsync();
            missing = [.. answered.Select(Log.Fault).OfType<string>()];
        }
        while (missing.Count > 0 && Stopwatch.GetElapsedTime(began) < Patience);

        var (code, output) = await topology.VerifyAsync();
        return
        [
            .. missing,
            .. Log.Phantoms(_ids.Last),
            .. code == 0 ? [] : new[] { $"verify ended with {code}: {output}" },
            .. await ReadModelFaultsAsync(),
        ];
    }

    private async Task<IReadOnlyList<string>> ReadModelFaultsAsync()
    {
        var late = await new Convergence(topology, _stores, Log).WaitAsync(Lag, Patience, static _ => { });
        await Log.ReadOnAsync();
        var (calls, ofSessions) = await _stores.CountCallsAsync();
        return
        [
            .. late is null ? [] : new[] { late },
            .. calls == Log.Requests ? [] : new[] { $"the read models list {calls} calls, the log holds {Log.Requests}" },
            .. ofSessions == Log.Requests ? [] : new[] { $"the sessions count {ofSessions} calls, the log holds {Log.Requests}" },
        ];
    }
}
