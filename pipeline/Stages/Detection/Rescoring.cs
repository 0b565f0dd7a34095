using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Streaming;

namespace McpLedger.Stages.Detection;

/// <summary>Watches the recorded past once more, with the models and the policy that are given, and holds what is found against what was found then. Writes nothing.</summary>
public static class Rescoring
{
    private const int MostExamples = 20;

    /// <summary>Runs over every partition of calls.</summary>
    /// <param name="reader">The ledger.</param>
    /// <param name="blobs">Where claim checks lie.</param>
    /// <param name="options">Models, policy and limits.</param>
    /// <param name="since">Findings in calls that were made earlier are left out of the comparison; the calls themselves are watched, so that sessions and habits are known.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InvalidDataException">A model that was asked for cannot be read.</exception>
    public static async Task<RescoreReport> RunAsync(ILedgerReader reader, IBlobStore blobs, DetectionOptions options, DateTimeOffset since, CancellationToken cancellationToken)
    {
        using var models = DetectionModels.Open(options);
        var then = new Dictionary<FindingKey, EventId>();
        await foreach (var read in LogScan.ReadAsync(reader, LedgerPartition.Control, cancellationToken).ConfigureAwait(false))
        {
            if (read.Data is FindingRaised e && CallWatch.Detectors.Contains(e.Detector) && e.Finding.Moment >= since)
            {
                then.TryAdd(KeyOf(e, e.Call, e.Session), e.Finding);
            }
        }

        // What is not kept any more, and what the gateway alone looks at, cannot be found again.
        var calls = then.Keys.Select(key => key.Call).ToHashSet();
        var watched = new HashSet<EventId?> { null };
        var now = new Dictionary<FindingKey, EventId>();
        var events = 0L;
        foreach (var partition in reader.Partitions.Where(partition => partition != LedgerPartition.Control))
        {
            var watch = CallWatch.Of(models, options, reader.Partitions);
            await foreach (var read in LogScan.ReadAsync(reader, partition, cancellationToken).ConfigureAwait(false))
            {
                events++;
                var of = CallWatch.ContentOf(read.Data);
                if (of is not null && CallOf(read.Data) is { } call && calls.Contains(call))
                {
                    watched.Add(call);
                }

                var content = await LogScan.ContentAsync(blobs, of, cancellationToken).ConfigureAwait(false);
                var released = await LogScan.ContentAsync(blobs, CallWatch.ReleasedOf(read.Data), cancellationToken).ConfigureAwait(false);
                foreach (var thing in watch.Take(read, read.Header.Time, content, released))
                {
                    if (thing.Finding is { } finding && finding.Finding.Moment >= since)
                    {
                        now.TryAdd(KeyOf(finding, thing.Subject.IsCall ? thing.Subject.Call : null, thing.Subject.Session), finding.Finding);
                    }
                }
            }
        }

        return Compare(then.Where(each => watched.Contains(each.Key.Call)).ToDictionary(), now, events, models);
    }

    private static EventId? CallOf(EventData data) => data switch
    {
        CallIntended e => e.Call,
        CallRefused e => e.Call,
        CallCompleted e => e.Call,
        MessageRelayed e => e.Call,
        _ => null,
    };

    // Another model makes another id of the same finding: what it is about says whether it is the same. Outside a call that is the session's.
    private static FindingKey KeyOf(FindingRaised finding, EventId? call, string? session) => new(call, call is null ? session : null, finding.Text, finding.Detector, finding.Rule, finding.Severity);

    private static RescoreReport Compare(Dictionary<FindingKey, EventId> then, Dictionary<FindingKey, EventId> now, long events, DetectionModels models)
    {
        var rows = then.Keys.Concat(now.Keys).Distinct()
            .GroupBy(key => (Rule: key.Rule ?? key.Detector, key.Severity))
            .OrderBy(group => group.Key.Rule, StringComparer.Ordinal).ThenBy(group => group.Key.Severity)
            .Select(group => new RescoreRow(
                group.Key.Rule, group.Key.Severity, group.Count(then.ContainsKey), group.Count(now.ContainsKey), group.Count(key => !then.ContainsKey(key)), group.Count(key => !now.ContainsKey(key))));
        return new(
            events, models.Injection?.Id, models.Injection?.Digest, models.Behaviour?.Id, models.Behaviour?.Digest, [.. rows],
            [.. now.Where(each => !then.ContainsKey(each.Key)).Take(MostExamples).Select(each => each.Key.Call?.ToString() ?? $"session {each.Key.Session}")],
            [.. then.Where(each => !now.ContainsKey(each.Key)).Take(MostExamples).Select(each => each.Value.ToString())]);
    }

    private readonly record struct FindingKey(EventId? Call, string? Session, Digest? Text, string Detector, string? Rule, Severity Severity);
}

/// <summary>What another model makes of the recorded past.</summary>
/// <param name="Events">Events that were watched.</param>
/// <param name="InjectionModel">Id of the injection model.</param>
/// <param name="InjectionDigest">Its digest.</param>
/// <param name="BehaviourModel">Id of the session model.</param>
/// <param name="BehaviourDigest">Its digest.</param>
/// <param name="Rows">By rule and severity.</param>
/// <param name="Found">Calls in which something is found that was not then, or sessions where it was in none; the first 20.</param>
/// <param name="Lost">Findings that are not found any more; the first 20.</param>
public sealed record RescoreReport(
    long Events, string? InjectionModel, string? InjectionDigest, string? BehaviourModel, string? BehaviourDigest, IReadOnlyList<RescoreRow> Rows, IReadOnlyList<string> Found, IReadOnlyList<string> Lost);

/// <summary>One rule at one severity.</summary>
/// <param name="Rule">The rule, or the detector where it is its own.</param>
/// <param name="Severity">How much it matters.</param>
/// <param name="Then">Findings that were raised.</param>
/// <param name="Now">Findings now.</param>
/// <param name="Gained">Those now that were not then.</param>
/// <param name="Missing">Those then that are not now.</param>
public sealed record RescoreRow(string Rule, Severity Severity, int Then, int Now, int Gained, int Missing);
