using McpLedger.Detectors.Text;

namespace McpLedger.Detectors.Injection;

/// <summary>
/// Scores texts for instructions that do not belong there. Stage one reads every text and allocates nothing; texts among the one in ten that it finds most unusual go on to an encoder,
/// which sees their best windows only.
/// </summary>
public sealed class InjectionDetector(InjectionModel model)
{
    /// <summary>The model that scores.</summary>
    public InjectionModel Model => model;

    /// <summary>Stage one, over the message and what was hidden in it.</summary>
    /// <param name="text">A message that was read.</param>
    /// <param name="reading">This thread's buffers; <see cref="Confirm"/> needs them as they are left.</param>
    public InjectionScore Score(MessageText text, InjectionReading reading)
    {
        var channel = model.Of(text.Channel);
        reading.Clear();
        reading.Score(text.Normal.Chars, -1, channel.Weights, model.Vocabulary, channel.Odd);
        for (var view = 0; view < text.ViewCount; view++)
        {
            reading.Score(text.View(view).Normal.Chars, view, channel.Weights, model.Vocabulary, channel.Odd);
        }

        var best = reading.Best;
        if (float.IsNegativeInfinity(best.Logit))
        {
            return new(text.Channel, InjectionDepth.StageOne, channel.Weights.Bias, float.NaN, 0, channel.Probability(0), IsFlagged: false, 0, -1, 0, 0);
        }

        var marks = text.Channel == TextChannel.Definition ? DefinitionRules.Match(text, out var start, out var length) : Unmarked(out start, out length);
        if (marks != 0 && length > 0)
        {
            best = best with { View = -1, Start = start, End = start + length };
        }

        var tail = channel.Tail(best.Logit, reading.Odd) + channel.MarkTail(marks);
        var depth = model.Encoder is not null && best.Logit > channel.Gate ? InjectionDepth.Undecided : InjectionDepth.StageOne;
        return new(text.Channel, depth, best.Logit, float.NaN, tail, channel.Probability(tail), tail > channel.Threshold, marks, best.View, best.Start, best.End - best.Start) { OddLogit = channel.Odd is null ? float.NaN : reading.Odd };
    }

    /// <summary>The second stage, on the windows that stage one likes best.</summary>
    /// <param name="text">The message that was scored, as it was.</param>
    /// <param name="score">What <see cref="Score"/> returned.</param>
    /// <param name="reading">The buffers that it left.</param>
    /// <param name="outOfTime">Ends it between two windows; what was seen until then counts, and the score says that it is not complete.</param>
    public InjectionScore Confirm(MessageText text, InjectionScore score, InjectionReading reading, CancellationToken outOfTime)
    {
        if (!score.NeedsEncoder || model.Encoder is not { } encoder)
        {
            return score;
        }

        var channel = model.Of(score.Channel);
        var (highest, oddest) = (float.NegativeInfinity, double.NegativeInfinity);
        var seen = 0;
        foreach (var candidate in reading.Candidates[..Math.Min(model.EncoderWindows, reading.Candidates.Length)])
        {
            if (outOfTime.IsCancellationRequested)
            {
                break;
            }

            seen++;
            var chars = candidate.View < 0 ? text.Normal.Chars : text.View(candidate.View).Normal.Chars;
            var logit = encoder.Score(chars, candidate.Start, candidate.End);
            highest = float.MaxNumber(highest, logit);

            // The place to show is the one that both stages together find oddest: the encoder alone hardly tells two high windows apart.
            var oddness = channel.WindowTail(candidate.Logit) + channel.EncoderTail(logit);
            if (oddness > oddest)
            {
                oddest = oddness;
                score = score with { View = candidate.View, Start = candidate.Start, Length = candidate.End - candidate.Start };
            }
        }

        if (seen == 0)
        {
            return score with { Depth = InjectionDepth.OutOfTime };
        }

        var tail = channel.Tail(score.Logit, score.OddLogit) + channel.EncoderTail(highest) + channel.MarkTail(score.Marks);
        var depth = seen < Math.Min(model.EncoderWindows, reading.Candidates.Length) ? InjectionDepth.OutOfTime : InjectionDepth.Complete;
        return score with { Depth = depth, EncoderLogit = highest, Tail = tail, Probability = channel.Probability(tail), IsFlagged = tail > channel.Threshold };
    }

    private static uint Unmarked(out int start, out int length)
    {
        (start, length) = (0, 0);
        return 0;
    }
}
