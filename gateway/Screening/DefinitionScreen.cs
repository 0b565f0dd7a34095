using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Tools;
using McpLedger.Detectors.Dlp;
using McpLedger.Detectors.Injection;
using McpLedger.Detectors.Sanitizing;
using McpLedger.Detectors.Text;
using EventId = McpLedger.Contracts.Events.EventId;

namespace McpLedger.Gateway.Screening;

/// <summary>What was made of the definition of a tool, or of a server's instructions.</summary>
/// <param name="IsWithheld">Whether it waits for an operator, unless one approved this very definition.</param>
/// <param name="Findings">What was found, the gravest first.</param>
/// <param name="Score">What the model made of it; null where it did not score.</param>
internal sealed record JudgedDefinition(bool IsWithheld, IReadOnlyList<ScreeningFinding> Findings, FindingScore? Score)
{
    /// <summary>Nothing was found.</summary>
    public static JudgedDefinition Clean { get; } = new(false, [], null);

    /// <summary>With what else was found, the gravest first.</summary>
    public JudgedDefinition With(JudgedDefinition other) =>
        other.Findings.Count == 0 ? this : new(IsWithheld || other.IsWithheld, [.. Findings.Concat(other.Findings).OrderByDescending(finding => finding.Severity)], Score);
}

/// <summary>
/// Judges definitions of tools, and servers' instructions: certain marks, the model's score, what the tool can do, what is not meant to be read, secrets. A definition is judged once a policy; whether the tool is withheld is in the log, as everything about tools is.
/// </summary>
internal sealed class DefinitionScreen(ScreeningDesks desks, ScreeningTelemetry telemetry, TimeProvider time)
{
    private const string Hidden = "hidden-characters";
    private const string Named = "named-like-an-instruction";

    // None of them stood in ten thousand honest definitions (detectors/Models/injection, weights of marks).
    private static readonly FrozenSet<string> Certain = FrozenSet.Create(StringComparer.Ordinal, "instruction-tag", "markup-comment", "secrecy-from-user", "overrides-instructions");

    /// <summary>Judges a definition.</summary>
    public JudgedDefinition Judge(ScreeningPolicy policy, string server, ToolDefinition tool) =>
        policy.FindDefinition(server, tool.Name, tool.Definition) ?? policy.KeepDefinition(server, tool.Name, tool.Definition, JudgeAnew(policy, server, tool));

    /// <summary>The event that says what was found.</summary>
    public FindingRaised EventOf(string server, ToolDefinition tool, JudgedDefinition judged)
    {
        var gravest = judged.Findings[0];
        var rules = string.Join(", ", judged.Findings.Select(finding => finding.Explanation is { } more ? $"{finding.Rule} ({more})" : finding.Rule ?? finding.Detector));
        if (judged.IsWithheld)
        {
            telemetry.ToolWithheld(server, tool.Name, rules);
        }

        return new()
        {
            Finding = EventId.New(time),
            Detector = FindingDetectors.Definition,
            Rule = gravest.Rule,
            Severity = gravest.Severity,
            Server = server,
            Tool = tool.Name,
            Channel = "definition",
            Score = judged.Score,
            Spans = [.. judged.Findings.Select(finding => finding.Span).OfType<FindingSpan>()],
            Explanation = FindingRaised.Shortened(tool.IsInstructions ? $"The instructions of this server bear {rules}." : $"The definition of this tool bears {rules}."),
            Text = tool.Definition,
            Effects = judged.IsWithheld ? [FindingEffects.Alert, FindingEffects.Withheld] : [FindingEffects.Alert],
        };
    }

    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "A detector that breaks must neither end the call nor let a definition pass unseen (I7).")]
    private JudgedDefinition JudgeAnew(ScreeningPolicy policy, string server, ToolDefinition tool)
    {
        var rules = policy.Of(server, tool.Name);
        if (!rules.Looks(ScreeningPlace.Definitions))
        {
            return JudgedDefinition.Clean;
        }

        try
        {
            var desk = desks.Rent(policy.MaxChars);
            var judged = Look(desk, policy, tool, new("$", ScreeningPlace.Definitions, TextChannel.Definition, server, default, rules));
            desks.Return(desk);
            return judged;
        }
        catch (Exception e)
        {
            telemetry.Failed(e);
            return new(rules.OnFailure == ScreeningLapse.Refuse, [new(FindingDetectors.Definition, "unscreened", Severity.High, FindingEffects.Withheld, null, null)], null);
        }
    }

    private static JudgedDefinition Look(ScreeningDesk desk, ScreeningPolicy policy, ToolDefinition tool, in ScreenedPart part)
    {
        desk.Begin();
        desk.Text.Read(tool.Raw.Span, TextChannel.Definition);
        var score = policy.Detector.Score(desk.Text, desk.Reading);
        var (start, length) = score.ToBytes(desk.Text);
        var withheld = false;
        foreach (var mark in score.MarkNames)
        {
            var kind = mark == Hidden ? ScreeningKind.Hidden : ScreeningKind.Marks;
            if (kind == ScreeningKind.Hidden || Certain.Contains(mark))
            {
                withheld |= Note(desk, part, kind, mark, Severity.High, start, length);
            }
            else if (mark == Named)
            {
                Tell(desk, AtMostFlagged(part.Rules.Of(part.Place, kind)), mark, Severity.Medium, start, length);
            }
        }

        if (score.IsFlagged)
        {
            withheld |= Note(desk, part, ScreeningKind.Injection, FindingDetectors.Injection, Severity.Medium, start, length);
        }

        // What a tool can do is no deceit: an operator hears of it and decides.
        if (!tool.IsInstructions && part.Rules.Of(part.Place, ScreeningKind.Injection) != ScreeningAction.Off && CapabilityRisk.Of(policy.Detector.Model, desk.Text, desk.Reading).IsOvert)
        {
            desk.Notes.Add(FindingDetectors.Definition, "dangerous-capability", Severity.Medium, ScreeningAction.Flag, 0, 0);
        }

        withheld |= Shapes(desk, part);
        DlpScan.Run(desk.Text, desk.Values);
        foreach (var value in desk.Values.All)
        {
            if (value.Rule is { Class: DataClass.Secret, Evidence: > DlpEvidence.Learned })
            {
                var (at, bytes) = desk.Text.Plain.ToBytes(value.Start, value.Length);
                withheld |= Note(desk, part, ScreeningKind.Secrets, ValueScreen.NameOf(value.Rule), Severity.Medium, at, bytes);
            }
        }

        if (desk.Text.IsCut || desk.Text.IsViewCut || desk.Values.IsCut || desk.Shapes.IsCut)
        {
            desk.Notes.Cut(part, "It is longer than what can be looked through.");
            withheld |= part.Rules.OnCut == ScreeningLapse.Refuse;
        }

        if (desk.Notes.IsEmpty)
        {
            return JudgedDefinition.Clean;
        }

        var model = policy.Detector.Model;
        var threshold = model.Threshold(TextChannel.Definition);
        return new(
            withheld,
            desk.Notes.List(part, desk.Masked, tool.Raw.Span, 0),
            Digest.TryParse(model.Digest, out var digest) ? new(Math.Round(score.Tail, 3), Math.Round(threshold, 3), model.Id, digest) : null);
    }

    // A pin is over the exact bytes, so nothing is taken out of a definition: it is told of, or the tool waits.
    private static bool Shapes(ScreeningDesk desk, in ScreenedPart part)
    {
        Sanitizer.Find(desk.Text, desk.Shapes);
        var withheld = false;
        foreach (var shape in desk.Shapes.All)
        {
            if (shape.Severity < SanitizeSeverity.Medium)
            {
                continue;
            }

            var (start, length) = desk.Text.Plain.ToBytes(shape.Start, shape.Length);
            var (rule, severity) = (Sanitizer.NameOf(shape.Kind), ShapeScreen.SeverityOf(shape));
            if (shape is { Kind: SanitizeKind.Invisible or SanitizeKind.Bidirectional, Severity: < SanitizeSeverity.High })
            {
                // A soft hyphen or a mark of direction between words may be honest: what is certain bears a mark of the model's.
                Tell(desk, AtMostFlagged(part.Rules.Of(part.Place, ScreeningKind.Hidden)), rule, severity, start, length);
                continue;
            }

            var kind = shape.Kind switch { <= SanitizeKind.EscapeSequence => ScreeningKind.Control, <= SanitizeKind.Bidirectional => ScreeningKind.Hidden, _ => ScreeningKind.Code };
            withheld |= Note(desk, part, kind, rule, severity, start, length);
        }

        return withheld;
    }

    private static bool Note(ScreeningDesk desk, in ScreenedPart part, ScreeningKind kind, string rule, Severity severity, int start, int length)
    {
        var action = part.Rules.Of(ScreeningPlace.Definitions, kind);
        Tell(desk, action, rule, severity, start, length);
        return action == ScreeningAction.Refuse;
    }

    // The gravest action is the first.
    private static ScreeningAction AtMostFlagged(ScreeningAction action) => (ScreeningAction)Math.Max((int)action, (int)ScreeningAction.Flag);

    private static void Tell(ScreeningDesk desk, ScreeningAction action, string rule, Severity severity, int start, int length)
    {
        if (action != ScreeningAction.Off)
        {
            desk.Notes.Add(FindingDetectors.Definition, rule, severity, action, start, length);
        }
    }
}
