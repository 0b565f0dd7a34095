using McpLedger.Contracts.Events;
using McpLedger.Detectors.Sanitizing;

namespace McpLedger.Gateway.Screening;

/// <summary>
/// What is not meant to be read: unseen characters and shapes of code. Unseen characters are always taken out of what the other detectors read, whatever passes: a secret with one inside is a secret.
/// </summary>
internal static class ShapeScreen
{
    private static readonly Func<SanitizeFinding, bool> IsUnseen = shape => shape is { Kind: <= SanitizeKind.Bidirectional, Severity: >= SanitizeSeverity.Medium };

    /// <summary>Notes what is unseen in the text that was read, and plans what of it goes.</summary>
    /// <returns>Whether there is any, so that the text must be read anew without it.</returns>
    public static bool Unseen(ScreeningDesk desk, in ScreenedPart part)
    {
        Sanitizer.Find(desk.Text, desk.Shapes);
        if (!NoteAll(desk, part, unseen: true))
        {
            return false;
        }

        Strip(desk, part, unseen: true);
        Sanitizer.Plan(desk.Text, desk.Shapes.All, IsUnseen, desk.Unseen);
        return true;
    }

    /// <summary>Reads the text anew without what is unseen.</summary>
    public static void Clear(ScreeningDesk desk, ReadOnlySpan<byte> body, in ScreenedPart part)
    {
        part.Read(desk.Text, desk.Clear(body));
        Sanitizer.Find(desk.Text, desk.Shapes);
    }

    /// <summary>Notes shapes of code, and plans what of them goes.</summary>
    public static void Code(ScreeningDesk desk, in ScreenedPart part)
    {
        if (NoteAll(desk, part, unseen: false))
        {
            Strip(desk, part, unseen: false);
        }

        if (desk.Shapes.IsCut)
        {
            desk.Notes.Lapse(ScreeningState.Cut, part.Rules.OnCut, "It holds more than can be looked through.");
        }
    }

    private static bool NoteAll(ScreeningDesk desk, in ScreenedPart part, bool unseen)
    {
        var any = false;
        foreach (var shape in desk.Shapes.All)
        {
            if (shape.Severity < SanitizeSeverity.Medium || shape.Kind <= SanitizeKind.Bidirectional != unseen)
            {
                continue;
            }

            any = true;
            var action = part.Rules.Of(part.Place, KindOf(shape.Kind));
            if (action == ScreeningAction.Off)
            {
                continue;
            }

            var (start, length) = desk.Text.Plain.ToBytes(shape.Start, shape.Length);
            var (from, to) = (desk.Unseen.ToBefore(start, isEnd: false), desk.Unseen.ToBefore(start + length, isEnd: true));
            desk.Notes.Add(FindingDetectors.Sanitizing, Sanitizer.NameOf(shape.Kind), SeverityOf(shape), action, from, to - from);
            if (action == ScreeningAction.Refuse)
            {
                desk.Notes.Refuse($"It holds what is not meant to be read ({Sanitizer.NameOf(shape.Kind)}).");
            }
        }

        return any;
    }

    private static void Strip(ScreeningDesk desk, in ScreenedPart part, bool unseen)
    {
        var (rules, place) = (part.Rules, part.Place);
        Sanitizer.Plan(
            desk.Text,
            desk.Shapes.All,
            shape => shape.Severity >= SanitizeSeverity.Medium && shape.Kind <= SanitizeKind.Bidirectional == unseen && rules.Of(place, KindOf(shape.Kind)) == ScreeningAction.Strip,
            desk.Step);
        desk.Passed.Add(desk.Step, desk.Unseen);
    }

    private static ScreeningKind KindOf(SanitizeKind kind) => kind switch
    {
        SanitizeKind.Control => ScreeningKind.Control,
        <= SanitizeKind.Bidirectional => ScreeningKind.Hidden,
        _ => ScreeningKind.Code,
    };

    // A shape of code is ordinary in more texts than an unseen character is.
    private static Severity SeverityOf(in SanitizeFinding shape) => shape switch
    {
        { Kind: <= SanitizeKind.Bidirectional, Severity: SanitizeSeverity.High } => Severity.High,
        { Severity: SanitizeSeverity.High } => Severity.Medium,
        { Kind: SanitizeKind.Control or SanitizeKind.EscapeSequence } => Severity.Low,
        { Kind: <= SanitizeKind.Bidirectional } => Severity.Medium,
        _ => Severity.Low,
    };
}
