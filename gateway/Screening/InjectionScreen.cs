using McpLedger.Contracts.Events;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Text;

namespace McpLedger.Gateway.Screening;

/// <summary>Instructions that do not belong there: stage one at once, stage two within the budget.</summary>
internal static class InjectionScreen
{
    private const int MaxWords = 5;
    private const int LongestWord = 24;

    /// <summary>Scores the text that was read, with all that is hidden in it; the place is one in the body as it was received.</summary>
    public static KnownScore Score(ScreeningDesk desk, in ScreenedPart part, InjectionDetector detector, long began, TimeProvider time)
    {
        var score = detector.Score(desk.Text, desk.Reading);
        if (score.NeedsEncoder && part.Rules.BudgetFor(part.InjectionPlace) is { } budget && budget > TimeSpan.Zero)
        {
            var left = budget - time.GetElapsedTime(began);
            using var outOfTime = left > TimeSpan.Zero ? new CancellationTokenSource(left, time) : null;
            score = detector.Confirm(desk.Text, score, desk.Reading, outOfTime?.Token ?? new CancellationToken(canceled: true));
        }

        var (start, length) = score.ToBytes(desk.Text);
        var (from, to) = (desk.Unseen.ToBefore(start, isEnd: false), desk.Unseen.ToBefore(start + length, isEnd: true));
        return new(score, from, to - from);
    }

    /// <summary>Notes what a score means.</summary>
    public static void Note(ScreeningDesk desk, in ScreenedPart part, KnownScore scored)
    {
        desk.Notes.Scored = scored;
        if (scored.Score.NeedsEncoder)
        {
            var isLate = part.Rules.BudgetFor(part.InjectionPlace) == TimeSpan.Zero;
            desk.Notes.Lapse(
                isLate ? ScreeningState.Late : ScreeningState.TimedOut,
                isLate ? ScreeningLapse.Release : part.Rules.OnTimeout,
                "There was no time to look through it. Try again later, or ask for less at once.");
        }

        var action = part.Rules.Of(part.InjectionPlace, ScreeningKind.Injection);
        if (!scored.Score.IsFlagged || action == ScreeningAction.Off)
        {
            return;
        }

        desk.Notes.Add(FindingDetectors.Injection, null, scored.Score.Probability >= InjectionScore.SureFrom ? Severity.High : Severity.Medium, action, scored.Start, scored.Length, scored.Words);
        if (action == ScreeningAction.Refuse)
        {
            desk.Notes.Refuse("It reads like instructions to a model from somebody who may not give any.");
        }
    }

    /// <summary>The words that weigh most; null where the text holds a value, for they may be the value.</summary>
    public static string? Words(ScreeningDesk desk, InjectionModel model, in InjectionScore score)
    {
        if (!score.IsFlagged || score.Length == 0 || !desk.Unseen.IsEmpty || !desk.Values.All.IsEmpty)
        {
            return null;
        }

        var words = InjectionExplanation.Of(model, desk.Text, score, desk.Reading).Words
            .Where(word => word.Weight > 0 && word.Word.Length <= LongestWord && word.Word.All(char.IsLetter)).Take(MaxWords).Select(word => word.Word).ToArray();
        return words.Length == 0 ? null : $"words that weigh most: {string.Join(", ", words)}";
    }

    /// <summary>A score as an event says it.</summary>
    public static ScreeningScore Of(in InjectionScore score, InjectionModel model) => new(
        score.Channel switch { TextChannel.Response => "response", TextChannel.User => "user", _ => "definition" },
        Math.Round(score.Tail, 3),
        Math.Round(model.Threshold(score.Channel), 3),
        Math.Round(score.Probability, 3),
        float.IsNaN(score.EncoderLogit) ? 1 : 2);
}
