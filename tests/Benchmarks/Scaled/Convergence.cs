using System.Diagnostics;
using System.Text.Json;
using McpLedger.Contracts.Events;

namespace McpLedger.Benchmarks.Scaled;

/// <summary>Watches how far what is computed from the log lags behind its end.</summary>
internal sealed class Convergence(Topology topology, StoredViews stores, LoggedCalls log)
{
    private const int MostLooks = 4096;
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);
    private readonly List<(long At, IReadOnlyDictionary<LedgerPartition, long> Ends)> _looks = [];

    /// <summary>
    /// Returns once every role is ready and read models, index and sealer know everything that was in the log <paramref name="lag"/> ago. A role that ended by itself is started again.
    /// </summary>
    /// <returns>Null, or what it was that did not come in time.</returns>
    public async Task<string?> WaitAsync(TimeSpan lag, TimeSpan longest, Action<string> ended)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            var why = await WhyNotYetAsync(lag, ended);
            if (why is null || Stopwatch.GetElapsedTime(began) > longest)
            {
                return why;
            }

            await Task.Delay(LookEvery);
        }
    }

    private async Task<string?> WhyNotYetAsync(TimeSpan lag, Action<string> ended)
    {
        foreach (var role in topology.Roles)
        {
            if (role.HasEnded)
            {
                ended($"{role.Name} ended by itself: {string.Join(' ', File.ReadLines(role.Log).TakeLast(3))}");
                await role.StartAsync();
            }

            if (await role.WhyNotReadyAsync() is { } why)
            {
                return why;
            }
        }

        try
        {
            var ends = await log.EndsAsync();
            var looked = Stopwatch.GetTimestamp();
            _looks.Add((looked, ends));
            _looks.RemoveRange(0, Math.Max(0, _looks.Count - MostLooks));
            (string Who, IReadOnlyDictionary<LedgerPartition, long> At)[] followers =
            [
                ("read models", await stores.ViewPositionsAsync()), ("index", await stores.IndexPositionsAsync()), ("sealer", Sealed()),
            ];
            return followers.Select(f => WhyBehind(f.Who, f.At, looked, lag)).FirstOrDefault(static why => why is not null);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or Npgsql.NpgsqlException)
        {
            return e.Message;
        }
    }

    // Only calls: each checkpoint is itself a record of control.
    private Dictionary<LedgerPartition, long> Sealed() => stores.Reader.Partitions.Where(static p => p.Log == LedgerLog.Calls).ToDictionary(static p => p, p =>
    {
        // Not the checkpoint's leaves: records without a value take an offset and have no leaf.
        var state = Path.Combine(topology.Pipeline.Data, "sealer", $"{p}.state");
        if (!File.Exists(state))
        {
            return 0;
        }

        using var json = JsonDocument.Parse(File.ReadAllBytes(state));
        return json.RootElement.GetProperty("next").GetInt64();
    });

    private string? WhyBehind(string who, IReadOnlyDictionary<LedgerPartition, long> at, long now, TimeSpan lag)
    {
        var known = _looks.FindLastIndex(look => at.All(a => a.Value >= look.Ends[a.Key]));
        var behind = known < 0 ? Stopwatch.GetElapsedTime(_looks[0].At, now) : Stopwatch.GetElapsedTime(_looks[known].At, now);
        return known >= 0 && behind <= lag ? null : $"the {who} are {behind.TotalSeconds:0.0} s behind the log's end";
    }
}
