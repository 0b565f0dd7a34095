using System.Text;
using McpLedger.Detectors.Behaviour;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Training.Behaviour;

/// <summary>What the injection model makes of results, each text once.</summary>
internal sealed class ResultScores(InjectionModel model)
{
    private readonly InjectionDetector _detector = new(model);
    private readonly MessageText _text = new(TextLimits.Default);
    private readonly InjectionReading _reading = new();
    private readonly Dictionary<string, ScoredResult> _scores = new(StringComparer.Ordinal);

    public ScoredResult Of(string result)
    {
        if (!_scores.TryGetValue(result, out var scored))
        {
            var bytes = Encoding.UTF8.GetBytes(result);
            _text.ReadText(bytes, TextChannel.Response);
            var score = _detector.Confirm(_text, _detector.Score(_text, _reading), _reading, CancellationToken.None);
            scored = new(bytes, score.Tail, score.IsFlagged, SuspiciousText.Of(_text, bytes, score).ToArray());
            _scores[result] = scored;
        }

        return scored;
    }
}

/// <summary>A result with its score.</summary>
internal sealed record ScoredResult(byte[] Bytes, double Tail, bool IsFlagged, byte[] Suspicious);
