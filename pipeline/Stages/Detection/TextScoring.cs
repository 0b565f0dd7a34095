using McpLedger.Contracts.Integrity;
using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Stages.Detection;

/// <summary>Scores what agents send and servers return with both stages, off the path of any call. What was scored before is not scored twice. One thread at a time.</summary>
internal sealed class TextScoring(InjectionModel model)
{
    private const int MaxKept = 4_096;
    private readonly InjectionDetector _detector = new(model);
    private readonly MessageText _text = new(TextLimits.Default);
    private readonly InjectionReading _reading = new();
    private readonly Dictionary<(TextChannel, Digest), ScoredText> _scored = [];
    private readonly Queue<(TextChannel, Digest)> _order = new();

    /// <summary>The model that scores.</summary>
    public InjectionModel Model => model;

    /// <summary>What the model makes of a message.</summary>
    /// <param name="channel">Whose words it is.</param>
    /// <param name="text">Digest of what is scored.</param>
    /// <param name="json">The message or the part of it that is scored.</param>
    public ScoredText Of(TextChannel channel, in Digest text, ReadOnlySpan<byte> json)
    {
        var key = (channel, text);
        if (_scored.TryGetValue(key, out var known))
        {
            return known;
        }

        _text.Read(json, channel);
        var score = _detector.Confirm(_text, _detector.Score(_text, _reading), _reading, CancellationToken.None);
        var (start, length) = score.ToBytes(_text);
        var scored = new ScoredText(
            score.Tail, score.Probability, score.IsFlagged, start, length, score.IsFlagged ? LeafPath.Shortened(LeafPath.Of(json, start)) : "",
            score.Tail >= 1 ? SuspiciousText.Of(_text, json, score).ToArray() : []);
        if (_scored.Count >= MaxKept)
        {
            _scored.Remove(_order.Dequeue());
        }

        _order.Enqueue(key);
        _scored[key] = scored;
        return scored;
    }
}

/// <summary>What the injection model made of a text.</summary>
/// <param name="Tail">How unusual it is among benign ones, as −log10 of their share.</param>
/// <param name="Probability">Calibrated.</param>
/// <param name="IsFlagged">Whether it is above the threshold.</param>
/// <param name="Start">First byte of the top span.</param>
/// <param name="Length">Bytes of it.</param>
/// <param name="Path">Where it stands, as a JSON pointer.</param>
/// <param name="Suspicious">The top span and what stands around it.</param>
internal sealed record ScoredText(double Tail, double Probability, bool IsFlagged, int Start, int Length, string Path, byte[] Suspicious)
{
    public static ScoredText Unread { get; } = new(0, 0, false, 0, 0, "", []);
}
