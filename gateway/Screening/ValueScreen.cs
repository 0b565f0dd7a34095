using System.Globalization;
using System.Runtime.InteropServices;
using McpLedger.Contracts.Events;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Text.Views;

namespace McpLedger.Gateway.Screening;

/// <summary>Secrets and personal data: in the text, encoded in it, shared with the message before, or known from another server.</summary>
internal static class ValueScreen
{
    private const string TooMany = "It holds more values than can be looked through.";

    /// <summary>Looks through the views of a text that is about to be read anew without the characters that spelt them.</summary>
    public static void Hidden(ScreeningDesk desk, in ScreenedPart part, SecretMemory memory)
    {
        for (var i = 0; i < desk.Text.ViewCount; i++)
        {
            if (desk.Text.View(i).Kind == ViewKind.Tags)
            {
                Encoded(desk, part, desk.Text.View(i), memory);
            }
        }
    }

    /// <summary>Looks through the text and its views, notes what it finds and plans what of it goes.</summary>
    public static void Run(ScreeningDesk desk, in ScreenedPart part, SecretMemory memory, StreamMemory? stream)
    {
        DlpScan.Run(desk.Text, desk.Values);
        foreach (var value in desk.Values.All)
        {
            Take(desk, part, value, memory);
        }

        var takesBack = part.Place == ScreeningPlace.Arguments && Returned(desk, part, memory);
        if (desk.ToMask.Count > 0 || desk.ToRedact.Count > 0)
        {
            Plan(desk, part, keepsHandles: !takesBack);
        }

        for (var i = 0; i < desk.Text.ViewCount; i++)
        {
            Encoded(desk, part, desk.Text.View(i), memory);
        }

        if (stream?.Next(desk.Text) is { } said)
        {
            Shared(desk, part, stream, memory, said.Start);
        }

        if (desk.Values.IsCut || (desk.Values.IsAddressCut && (part.Rules.Of(part.Place, ScreeningKind.Contacts) < ScreeningAction.Flag || part.Rules.Of(ScreeningPlace.Ledger, ScreeningKind.Contacts) < ScreeningAction.Flag)))
        {
            desk.Notes.Cut(part, TooMany);
        }
    }

    private static void Take(ScreeningDesk desk, in ScreenedPart part, in DlpFinding value, SecretMemory memory)
    {
        if (value.Rule.Class == DataClass.Secret && part.Place == ScreeningPlace.Results)
        {
            memory.Remember(part.Actor, part.Server, value.Rule, desk.Text.Plain.Chars.Slice(value.Start, value.Length));
            desk.Notes.HoldsSecret = true;
        }

        var (start, length) = desk.Text.Plain.ToBytes(value.Start, value.Length);
        var action = Note(desk, part, value.Rule, start, length, explanation: null, out var isMasked);
        if (action == ScreeningAction.Redact)
        {
            desk.ToRedact.Add(value);
        }

        if (isMasked)
        {
            desk.ToMask.Add(value);
        }
    }

    // What passes without a value is recorded without it: the ledger holds nothing that the receiver may not.
    private static ScreeningAction Note(ScreeningDesk desk, in ScreenedPart part, DlpRule rule, int start, int length, string? explanation, out bool isMasked)
    {
        var kind = KindOf(rule.Class);
        var action = part.Rules.Of(part.Place, kind);
        isMasked = action == ScreeningAction.Redact || part.Rules.Of(ScreeningPlace.Ledger, kind) == ScreeningAction.Redact;
        var (from, to) = (desk.Unseen.ToBefore(start, isEnd: false), desk.Unseen.ToBefore(start + length, isEnd: true));
        action = action == ScreeningAction.Redact && part.IsHandle(from, to) ? ScreeningAction.Flag : action;
        desk.Notes.IsMasked |= isMasked && action != ScreeningAction.Redact;
        if (action != ScreeningAction.Off)
        {
            desk.Notes.Add(FindingDetectors.Dlp, NameOf(rule), SeverityOf(rule), action, from, to - from, explanation);
        }

        if (action == ScreeningAction.Refuse)
        {
            desk.Notes.Refuse($"It holds {NameOf(rule)}, which may not pass here.");
        }

        return action;
    }

    // Whether something goes with it.
    private static bool Returned(ScreeningDesk desk, in ScreenedPart part, SecretMemory memory)
    {
        var sure = part.Rules.Of(part.Place, ScreeningKind.Returned);
        if (sure == ScreeningAction.Off)
        {
            return false;
        }

        // What was only judged to be a secret, by its name, may be anything: no call is refused for it.
        var judged = sure == ScreeningAction.Refuse ? ScreeningAction.Flag : sure;

        var text = desk.Text.Plain;
        var count = memory.Find(part.Actor, part.Server, text.Chars, desk.Sightings);
        if (count == desk.Sightings.Length)
        {
            desk.Notes.Cut(part, TooMany);
        }

        foreach (var sighting in desk.Sightings.AsSpan(0, count))
        {
            var (start, length) = text.ToBytes(sighting.Start, sighting.Length);
            var (from, to) = (desk.Unseen.ToBefore(start, isEnd: false), desk.Unseen.ToBefore(start + length, isEnd: true));
            var form = sighting.Form switch { SecretForm.Plain => "", SecretForm.Base64 => ", in Base64", SecretForm.Hex => ", in hexadecimal", _ => ", back to front" };
            var origin = memory.ServerOf(sighting.Origin);
            var (action, severity) = sighting.Rule.Evidence == DlpEvidence.Learned ? (judged, Severity.Medium) : (sure, Severity.High);
            desk.Notes.Add(FindingDetectors.Exfiltration, NameOf(sighting.Rule), severity, action, from, to - from, $"it came from server {origin}{form}");
            var value = new DlpFinding(sighting.Rule, sighting.Start, sighting.Length, 1);
            if (action == ScreeningAction.Redact)
            {
                desk.ToRedact.Add(value);
                desk.ToMask.Add(value);
            }
            else if (part.Rules.Of(ScreeningPlace.Ledger, ScreeningKind.Secrets) == ScreeningAction.Redact)
            {
                desk.ToMask.Add(value);
                desk.Notes.IsMasked = true;
            }

            if (action == ScreeningAction.Refuse)
            {
                desk.Notes.Refuse($"It holds {NameOf(sighting.Rule)} that server {origin} sent. It may not go to another server.");
            }
        }

        return count > 0 && sure == ScreeningAction.Redact;
    }

    // A copy of what goes elsewhere stays where only its server reads it; not so in a request that holds another server's.
    private static void Plan(ScreeningDesk desk, in ScreenedPart part, bool keepsHandles)
    {
        desk.Redactor.Plan(desk.Text, CollectionsMarshal.AsSpan(desk.ToRedact), desk.Step);
        if (keepsHandles)
        {
            KeepHandles(desk, part);
        }

        desk.Passed.Add(desk.Step, desk.Unseen);
        var isCut = desk.Redactor.IsCut;
        desk.Redactor.Plan(desk.Text, CollectionsMarshal.AsSpan(desk.ToMask), desk.Step);
        desk.Masked.Add(desk.Step, desk.Unseen);
        if (isCut || desk.Redactor.IsCut)
        {
            desk.Notes.Cut(part, TooMany);
        }
    }

    private static void KeepHandles(ScreeningDesk desk, in ScreenedPart part)
    {
        foreach (var (start, length) in part.Handles)
        {
            var from = desk.Unseen.ToAfter(start);
            desk.Step.Remove(from, desk.Unseen.ToAfter(start + length) - from);
        }
    }

    private static void Encoded(ScreeningDesk desk, in ScreenedPart part, DecodedView view, SecretMemory memory)
    {
        if (!view.IsVerbatim)
        {
            return;
        }

        DlpScan.Run(view.Plain.Chars, desk.ViewValues);
        if (desk.ViewValues.IsCut)
        {
            desk.Notes.Cut(part, TooMany);
        }

        foreach (var value in desk.ViewValues.All)
        {
            // A judgement by name and neighbours is worth little where the neighbours are noise.
            if (value.Rule.Evidence == DlpEvidence.Learned || value.Rule.Class >= DataClass.CryptoAddress)
            {
                continue;
            }

            var chars = view.Plain.Chars.Slice(value.Start, value.Length);
            if (value.Rule.Class == DataClass.Secret && part.Place == ScreeningPlace.Results)
            {
                memory.Remember(part.Actor, part.Server, value.Rule, chars);
                desk.Notes.HoldsSecret = true;
            }

            var (start, length) = view.Plain.ToBytes(value.Start, value.Length);
            var action = Note(desk, part, value.Rule, start, length, $"in {NameOf(view.Kind)}", out var isMasked);
            desk.Step.Clear();
            desk.Redactor.Replace(desk.Text, value.Rule, chars, start, length, desk.Step);
            AddStep(desk, part, action == ScreeningAction.Redact, isMasked);
        }
    }

    private static void Shared(ScreeningDesk desk, in ScreenedPart part, StreamMemory stream, SecretMemory memory, int leaf)
    {
        for (var i = 0; i < stream.Shared.All.Length; i++)
        {
            var (value, whole) = (stream.Shared.All[i], stream.SharedValues[i]);
            if (value.Rule.Class == DataClass.Secret && part.Place == ScreeningPlace.Results)
            {
                memory.Remember(part.Actor, part.Server, value.Rule, whole);
                desk.Notes.HoldsSecret = true;
            }

            var rest = value with { Start = leaf, Length = value.Start + value.Length };
            var (start, length) = desk.Text.Plain.ToBytes(rest.Start, rest.Length);
            var explanation = string.Create(CultureInfo.InvariantCulture, $"{-value.Start} of its {value.Length} characters had been released with the messages before");
            var action = Note(desk, part, value.Rule, start, length, explanation, out var isMasked);
            desk.Redactor.PlanRest(desk.Text, whole, rest, desk.Step);
            if (desk.Redactor.IsCut)
            {
                desk.Notes.Cut(part, TooMany);
            }

            AddStep(desk, part, action == ScreeningAction.Redact, isMasked);
        }
    }

    private static void AddStep(ScreeningDesk desk, in ScreenedPart part, bool isRedacted, bool isMasked)
    {
        if (isMasked)
        {
            desk.Masked.Add(desk.Step, desk.Unseen);
        }

        if (isRedacted)
        {
            KeepHandles(desk, part);
            desk.Passed.Add(desk.Step, desk.Unseen);
        }
    }

    public static string NameOf(DlpRule rule) => rule.Class switch
    {
        DataClass.Secret => $"secret:{rule.Id}",
        DataClass.Financial => $"financial:{rule.Id}",
        DataClass.GovernmentId => $"id:{rule.Id}",
        DataClass.CryptoAddress => $"wallet:{rule.Id}",
        DataClass.Contact => $"contact:{rule.Id}",
        _ => $"network:{rule.Id}",
    };

    private static string NameOf(ViewKind kind) => kind switch
    {
        ViewKind.Tags => "tag characters",
        ViewKind.Base64 => "Base64",
        ViewKind.Hex => "hexadecimal",
        ViewKind.Rot13 => "letters moved by thirteen",
        _ => "text back to front",
    };

    private static ScreeningKind KindOf(DataClass kind) => kind switch
    {
        DataClass.Secret => ScreeningKind.Secrets,
        DataClass.Financial or DataClass.GovernmentId => ScreeningKind.Personal,
        _ => ScreeningKind.Contacts,
    };

    private static Severity SeverityOf(DlpRule rule) => rule switch
    {
        { Class: DataClass.Secret, Evidence: DlpEvidence.Learned } => Severity.Low,
        { Class: DataClass.Secret } or { Class: DataClass.Financial } => Severity.Medium,
        { Class: DataClass.GovernmentId } => Severity.Medium,
        _ => Severity.Low,
    };
}
