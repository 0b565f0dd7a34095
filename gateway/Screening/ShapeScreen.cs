using McpLedger.Contracts.Events;
using McpLedger.Detectors.Sanitizing;

namespace McpLedger.Gateway.Screening;

/// <summary>
/// What is not meant to be read: unseen characters and shapes of code. Unseen characters are always taken out of what the other detectors read, whatever passes: a secret with one inside is a secret.
/// </summary>
internal static class ShapeScreen
{
    // What is taken out may bring two halves of an escape sequence together, but hardly twice.
    private const int MaxReadings = 4;
    private static readonly Func<SanitizeFinding, bool> Any = static _ => true;

    /// <summary>Notes what is unseen in the text that was read, and plans what of it goes from what passes.</summary>
    /// <returns>Whether there is any, so that the text must be read anew without it.</returns>
    public static bool Unseen(ScreeningDesk desk, in ScreenedPart part)
    {
        Sanitizer.FindUnseen(desk.Text, desk.Hidden);
        if (desk.Hidden.All.IsEmpty)
        {
            return false;
        }

        if (Note(desk, part, desk.Hidden))
        {
            Strip(desk, part, desk.Hidden);
        }

        return true;
    }

    /// <summary>Reads the text anew without what is unseen, until nothing unseen is left.</summary>
    public static void Clear(ScreeningDesk desk, ReadOnlySpan<byte> body, in ScreenedPart part)
    {
        for (var readings = 0; readings < MaxReadings; readings++)
        {
            Sanitizer.Plan(desk.Text, desk.Hidden.All, Any, desk.Step);
            desk.Joining.Clear();
            desk.Joining.Add(desk.Step, desk.Unseen);
            desk.Step.Clear();
            desk.Unseen.Add(desk.Joining, desk.Step);
            desk.Unseen.Settle();
            part.Read(desk.Text, desk.Clear(body));
            if (!Unseen(desk, part))
            {
                return;
            }
        }

        desk.Notes.Cut(part, "It holds more hidden characters than can be looked through.");
    }

    /// <summary>Notes shapes of code, and plans what of them goes.</summary>
    public static void Code(ScreeningDesk desk, in ScreenedPart part)
    {
        Sanitizer.FindCode(desk.Text, desk.Shapes);
        if (Note(desk, part, desk.Shapes))
        {
            Strip(desk, part, desk.Shapes);
        }

        if (desk.Shapes.IsCut)
        {
            // Where code is only told, a thousand places are told enough.
            var isTold = part.Rules.Of(part.Place, ScreeningKind.Code) >= ScreeningAction.Flag;
            desk.Notes.Lapse(ScreeningState.Cut, isTold ? ScreeningLapse.Release : part.Rules.OnCut, "It holds more than can be looked through.");
        }
    }

    // Whether anything is to be stripped.
    private static bool Note(ScreeningDesk desk, in ScreenedPart part, SanitizeFindings found)
    {
        var strips = false;
        foreach (var shape in found.All)
        {
            var action = part.Rules.Of(part.Place, KindOf(shape.Kind));
            if (shape.Severity < SanitizeSeverity.Medium || action == ScreeningAction.Off || IsWritten(desk, part, shape))
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

            strips |= action == ScreeningAction.Strip;
        }

        return strips;
    }

    private static void Strip(ScreeningDesk desk, in ScreenedPart part, SanitizeFindings found)
    {
        var (rules, place, whole) = (part.Rules, part.Place, part);
        Sanitizer.Plan(desk.Text, found.All, shape => shape.Severity >= SanitizeSeverity.Medium && rules.Of(place, KindOf(shape.Kind)) == ScreeningAction.Strip && !IsWritten(desk, whole, shape), desk.Step);
        desk.Passed.Add(desk.Step, desk.Unseen);
    }

    // In a text that only looks like JSON a backslash and a letter may be a path: read as JSON's control character, and no character of control to whoever reads the text.
    private static bool IsWritten(ScreeningDesk desk, in ScreenedPart part, in SanitizeFinding shape)
    {
        if (!part.IsEscaped || shape.Kind != SanitizeKind.Control)
        {
            return false;
        }

        var text = desk.Text.Plain;
        if (text.Chars.Slice(shape.Start, shape.Length).ContainsAnyExcept('\b', '\f'))
        {
            return false;
        }

        // Each by itself: a longer escape beside one that is bare takes as much room as two that are written.
        for (var at = shape.Start; at < shape.End; at++)
        {
            if (text.ToBytes(at, 1).Length != 2)
            {
                return false;
            }
        }

        return true;
    }

    private static ScreeningKind KindOf(SanitizeKind kind) => kind switch
    {
        SanitizeKind.Control => ScreeningKind.Control,
        <= SanitizeKind.Bidirectional => ScreeningKind.Hidden,
        _ => ScreeningKind.Code,
    };

    // A shape of code is ordinary in more texts than an unseen character is.
    public static Severity SeverityOf(in SanitizeFinding shape) => shape switch
    {
        { Kind: <= SanitizeKind.Bidirectional, Severity: SanitizeSeverity.High } => Severity.High,
        { Severity: SanitizeSeverity.High } => Severity.Medium,
        { Kind: SanitizeKind.Control or SanitizeKind.EscapeSequence } => Severity.Low,
        { Kind: <= SanitizeKind.Bidirectional } => Severity.Medium,
        _ => Severity.Low,
    };
}
