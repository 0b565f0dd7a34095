using McpLedger.Contracts.Integrity;

namespace McpLedger.Gateway.Screening;

/// <summary>Looks through one body: what is unseen, instructions, code, values, in that order. Leaves its notes and plans on the desk.</summary>
internal sealed class BodyScreen(SecretMemory memory, TimeProvider time)
{
    /// <summary>Looks through a body.</summary>
    /// <param name="desk">The buffers.</param>
    /// <param name="body">A JSON value that the strict reader accepted, or a text.</param>
    /// <param name="part">What it is.</param>
    /// <param name="policy">The model, and what was scored before.</param>
    /// <param name="stream">What the stream said before; null for what stands alone.</param>
    /// <param name="began">When screening began: the budget runs from there.</param>
    public void Run(ScreeningDesk desk, ReadOnlySpan<byte> body, in ScreenedPart part, ScreeningPolicy policy, StreamMemory? stream, long began)
    {
        desk.Begin();
        var scores = part.Rules.Of(part.InjectionPlace, ScreeningKind.Injection) != ScreeningAction.Off;
        var digest = scores ? Digest.Of(body) : default;
        var known = scores ? policy.Scores.Find(part.Channel, part.IsJson, digest) : null;
        if (known?.CleanUnder == part.Rules && known is not null && stream is null && !(part.Place == ScreeningPlace.Arguments && memory.Knows(part.Actor)))
        {
            desk.Notes.Scored = known;
            return;
        }

        part.Read(desk.Text, body);
        Lapses(desk, part);
        var isUnseen = ShapeScreen.Unseen(desk, part);
        var scored = scores ? known ?? InjectionScreen.Score(desk, part, policy.Detector, began, time) : null;
        if (isUnseen)
        {
            ValueScreen.Hidden(desk, part, memory);
            ShapeScreen.Clear(desk, body, part);
            Lapses(desk, part);

            // What passes may be the text without those characters, and what they parted may be read there only.
            scored = scored is null || known is not null ? scored : Graver(scored, InjectionScreen.Score(desk, part, policy.Detector, began, time));
        }

        ShapeScreen.Code(desk, part);
        ValueScreen.Run(desk, part, memory, stream);
        if (scored is not null)
        {
            scored = scored is { IsKept: false, Score.IsFlagged: true } ? scored with { Words = InjectionScreen.Words(desk, policy.Detector.Model, scored.Score) } : scored;
            InjectionScreen.Note(desk, part, scored);
        }

        desk.Passed.Settle();
        desk.Masked.Settle();
        if (scored is { Score.NeedsEncoder: false } && known is null)
        {
            var isClean = desk.Notes is { IsEmpty: true, HoldsSecret: false } && desk.Masked.IsEmpty;
            policy.Scores.Keep(part.Channel, part.IsJson, digest, scored with { IsKept = true, CleanUnder = isClean ? part.Rules : null });
        }
    }

    /// <summary>Plans only what may not be recorded, for bytes that pass to nobody.</summary>
    public void Mask(ScreeningDesk desk, ReadOnlySpan<byte> body, in ScreenedPart part)
    {
        desk.Begin();
        part.Read(desk.Text, body);
        if (ShapeScreen.Unseen(desk, part))
        {
            ValueScreen.Hidden(desk, part, memory);
            ShapeScreen.Clear(desk, body, part);
        }

        ValueScreen.Run(desk, part, memory, stream: null);
        desk.Masked.Settle();
    }

    // A score that waits for the second stage may yet be the higher one.
    private static KnownScore Graver(KnownScore first, KnownScore second) =>
        (second.Score.IsFlagged, second.Score.NeedsEncoder, second.Score.Tail).CompareTo((first.Score.IsFlagged, first.Score.NeedsEncoder, first.Score.Tail)) > 0 ? second : first;

    private static void Lapses(ScreeningDesk desk, in ScreenedPart part)
    {
        if (desk.Text.IsCut)
        {
            desk.Notes.Cut(part, "It is longer than what can be looked through. Ask for less at once.");
        }
        else if (desk.Text.IsViewCut)
        {
            desk.Notes.Cut(part, "It holds more encoded text than can be looked through. Ask for less at once, or for plain text.");
        }
    }
}
