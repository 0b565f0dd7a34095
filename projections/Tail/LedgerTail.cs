using System.Globalization;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Search;
using McpLedger.Streaming;

namespace McpLedger.Projections.Tail;

/// <summary>Follows the log itself, not the read models: what is durable is seen at once, by the same documents and the same query.</summary>
/// <param name="reader">The ledger.</param>
/// <param name="time">What <c>now</c> means in queries, and the clock of silence.</param>
public sealed class LedgerTail(ILedgerReader reader, TimeProvider time)
{
    /// <summary>Most that follow at the same time.</summary>
    public const int Most = 32;

    /// <summary>Longest that nothing is said: a client that is gone is only noticed when it is written to.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(20);

    private const int BatchBytes = 256 * 1024;
    private static readonly Dictionary<Digest, ReadOnlyMemory<byte>> NoBlobs = [];
    private int _following;

    /// <summary>Checks what is to be followed, and finds where to begin.</summary>
    /// <param name="query">In the query language.</param>
    /// <param name="housekeeping">Whether heartbeats, checkpoints and writers' starts and stops are followed too.</param>
    /// <param name="after">Id of the last event that was received; null begins at the end.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async ValueTask<Answer<TailStart>> StartAsync(string query, bool housekeeping, string? after, CancellationToken cancellationToken)
    {
        var (plan, fault) = SearchPlan.Of(new() { Query = query, Housekeeping = housekeeping }, time.GetUtcNow());
        if (plan is null)
        {
            return new(null, fault);
        }

        var positions = new SortedDictionary<string, (LedgerPartition Partition, long Next)>(StringComparer.Ordinal);
        foreach (var partition in reader.Partitions)
        {
            var bounds = await reader.BoundsAsync(partition, cancellationToken);
            var resumed = PositionIn(after, partition) is { } next ? Math.Clamp(next, bounds.First, bounds.End) : bounds.End;
            positions.Add(partition.ToString(), (partition, resumed));
        }

        return new(new(plan, positions), null);
    }

    /// <summary>Follows until the enumeration is cancelled or <paramref name="stopping"/>, and then ends in good order: a first item <c>following</c> without data, then an item <c>event</c> with each <see cref="Hit"/>. An item <c>alive</c> without data comes where nothing else was said for 20 seconds. At damage, and when who follows may no more, it ends with an item <c>ended</c> that holds a <see cref="TailEnd"/>.</summary>
    /// <param name="start">From where.</param>
    /// <param name="mayFollow">Whether who follows still may; asked again and again.</param>
    /// <param name="stopping">Ends it.</param>
    /// <returns>Null when <see cref="Most"/> follow already.</returns>
    public IAsyncEnumerable<SseItem<object?>>? TryFollow(TailStart start, Func<bool> mayFollow, CancellationToken stopping)
    {
        if (Interlocked.Increment(ref _following) > Most)
        {
            Interlocked.Decrement(ref _following);
            return null;
        }

        return FollowAsync(start, mayFollow, stopping, CancellationToken.None);
    }

    private async IAsyncEnumerable<SseItem<object?>> FollowAsync(TailStart start, Func<bool> mayFollow, CancellationToken stopping, [EnumeratorCancellation] CancellationToken gone)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, gone);
        var cancellationToken = either.Token;
        try
        {
            // The first item says that the following has begun, so that a client knows before anything happens, and from where it can resume.
            yield return new(null, "following") { EventId = IdOf(start.Positions) };
            var (terms, said) = (SearchDocuments.NewTerms(), time.GetTimestamp());
            while (!cancellationToken.IsCancellationRequested)
            {
                if (!mayFollow())
                {
                    yield return new(new TailEnd("The key that this began with opens nothing any more.", "get another: 'mcpledger keys create --role viewer'"), "ended") { EventId = IdOf(start.Positions) };
                    yield break;
                }

                var idle = true;
                foreach (var (name, (partition, next)) in start.Positions.ToArray())
                {
                    var batch = await reader.ReadAsync(partition, next, BatchBytes, cancellationToken);
                    idle &= batch.Records.Count == 0;
                    foreach (var record in batch.Records)
                    {
                        start.Positions[name] = (partition, record.Offset + 1);
                        if (HitOf(record, start.Plan, terms) is { } hit)
                        {
                            yield return new(hit, "event") { EventId = IdOf(start.Positions) };
                            said = time.GetTimestamp();
                        }
                    }

                    start.Positions[name] = (partition, batch.Next);
                    if (batch.Damage is { } damage)
                    {
                        yield return new(new TailEnd($"{partition} is damaged at offset {batch.Next}: {damage}", "see 'mcpledger damage list'"), "ended") { EventId = IdOf(start.Positions) };
                        yield break;
                    }
                }

                if (time.GetElapsedTime(said) >= Silence)
                {
                    yield return new(null, "alive") { EventId = IdOf(start.Positions) };
                    said = time.GetTimestamp();
                }

                if (idle)
                {
                    await AnyAsync(start, Silence - time.GetElapsedTime(said), cancellationToken);
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _following);
        }
    }

    private async ValueTask AnyAsync(TailStart start, TimeSpan longest, CancellationToken cancellationToken)
    {
        using var others = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var records = start.Positions.Values.Select(p => reader.WaitAsync(p.Partition, p.Next, others.Token).AsTask());
        await Task.WhenAny([.. records, Task.Delay(longest > TimeSpan.Zero ? longest : TimeSpan.Zero, time, others.Token)]);
        await others.CancelAsync();
    }

    private static Hit? HitOf(LedgerRecord record, SearchPlan plan, TermList terms)
    {
        if (!EventReader.TryRead(record.Bytes.Span, out var read, out _))
        {
            return null;
        }

        var document = SearchDocuments.Of(read!, NoBlobs, terms);
        return document.Micros < plan.First || document.Micros > plan.Last || !QueryEvaluator.Matches(plan.Query, document) ? null : Hit.Of(record, document);
    }

    private static string IdOf(SortedDictionary<string, (LedgerPartition Partition, long Next)> positions) =>
        string.Join(',', positions.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key}:{p.Value.Next}")));

    private static long? PositionIn(string? id, LedgerPartition partition)
    {
        foreach (var part in (id ?? "").Split(','))
        {
            if (part.StartsWith($"{partition}:", StringComparison.Ordinal)
                && long.TryParse(part.AsSpan(part.IndexOf(':', StringComparison.Ordinal) + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var next))
            {
                return next;
            }
        }

        return null;
    }
}

/// <summary>Why nothing more is followed.</summary>
/// <param name="Reason">What is damaged, and where: it can be followed behind that once somebody has accepted it. Or that who follows may no more.</param>
/// <param name="Fix">What to do.</param>
public sealed record TailEnd(string Reason, string Fix);

/// <summary>What is followed, and from where.</summary>
public sealed class TailStart
{
    internal TailStart(SearchPlan plan, SortedDictionary<string, (LedgerPartition Partition, long Next)> positions) => (Plan, Positions) = (plan, positions);

    internal SearchPlan Plan { get; }

    internal SortedDictionary<string, (LedgerPartition Partition, long Next)> Positions { get; }
}
