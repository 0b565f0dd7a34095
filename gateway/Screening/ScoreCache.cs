using System.Collections.Concurrent;
using McpLedger.Contracts.Integrity;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Gateway.Screening;

/// <summary>A text that was scored.</summary>
/// <param name="Score">What came of it; to be kept only when it needs no second stage any more.</param>
/// <param name="Start">First byte of the top span in the text.</param>
/// <param name="Length">Its length.</param>
internal sealed record KnownScore(InjectionScore Score, int Start, int Length)
{
    /// <summary>The words that weigh most, where the score is a finding; null otherwise.</summary>
    public string? Words { get; init; }

    /// <summary>The rules under which nothing at all was found in it, so that under them it need not be read again; null where something was.</summary>
    public ScreeningRules? CleanUnder { get; init; }

    /// <summary>Whether it was found here again, not made now.</summary>
    public bool IsKept { get; init; }
}

/// <summary>
/// What was scored before is not scored twice. Bounded by two generations: what was not asked for while the younger one filled is forgotten. One cache a model, so that a score is never another model's.
/// </summary>
internal sealed class ScoreCache(string model)
{
    private const int Generation = 8192;
    private readonly Lock _turn = new();
    private volatile ConcurrentDictionary<Key, KnownScore> _young = new();
    private volatile ConcurrentDictionary<Key, KnownScore> _old = new();

    // The dictionary's own count takes all of its locks.
    private int _count;

    /// <summary>The model whose scores these are.</summary>
    public string Model { get; } = model;

    /// <summary>What came of a text; null when nobody scored it.</summary>
    /// <param name="channel">Whose words it was read as.</param>
    /// <param name="isJson">Whether it was read as JSON: the same bytes are another text as one.</param>
    /// <param name="text">Digest of its bytes.</param>
    public KnownScore? Find(TextChannel channel, bool isJson, Digest text)
    {
        var key = new Key(channel, isJson, text);
        if (_young.TryGetValue(key, out var known))
        {
            return known;
        }

        if (_old.TryGetValue(key, out known))
        {
            Keep(key, known);
        }

        return known;
    }

    /// <summary>Remembers what came of a text.</summary>
    /// <inheritdoc cref="Find"/>
    public void Keep(TextChannel channel, bool isJson, Digest text, KnownScore score) => Keep(new(channel, isJson, text), score);

    private void Keep(Key key, KnownScore score)
    {
        if (!_young.TryAdd(key, score) || Interlocked.Increment(ref _count) <= Generation)
        {
            return;
        }

        lock (_turn)
        {
            if (_count > Generation)
            {
                (_old, _young, _count) = (_young, new(), 0);
            }
        }
    }

    private readonly record struct Key(TextChannel Channel, bool IsJson, Digest Text);
}
