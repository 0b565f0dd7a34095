using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Tools;
using McpLedger.Detectors.Shadowing;
using McpLedger.Detectors.Text;
using McpLedger.Gateway.Control;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Tools;

/// <summary>What stands in the light of other servers' tools.</summary>
/// <param name="Own">Findings about tools that a server lists anew.</param>
/// <param name="Others">Findings about tools of other servers, which name one of those.</param>
internal sealed record FoundShadows(IReadOnlyDictionary<string, JudgedDefinition> Own, IReadOnlyList<(string Server, ToolDefinition Tool, JudgedDefinition Judged)> Others)
{
    public static FoundShadows None { get; } = new(new Dictionary<string, JudgedDefinition>(), []);
}

/// <summary>
/// Holds definitions that were not seen before against the tools of all other servers, and theirs against the new names: whoever comes second is found either way. Looked at when something is new, and then once.
/// </summary>
internal sealed class ShadowScreen(ControlState control, ScreeningTelemetry telemetry)
{
    // A list that is new is rare; what it is held against is bounded all the same.
    private const int MaxOthers = 4096;

    /// <summary>Looks at what is new in a list.</summary>
    /// <param name="policy">What follows from what is found.</param>
    /// <param name="server">Whose list it is.</param>
    /// <param name="listed">All of it.</param>
    /// <param name="anew">The definitions in it that the log does not know.</param>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "What only compares names must not keep a list from its client; what it would have told is said to be missing.")]
    public FoundShadows Look(ScreeningPolicy policy, string server, IReadOnlyList<ToolDefinition> listed, IReadOnlyList<ToolDefinition> anew)
    {
        if (anew.Count == 0)
        {
            return FoundShadows.None;
        }

        try
        {
            var tools = control.Tools;
            var shadows = new ToolShadows(tools.Keys.Select(key => new ListedTool(key.Server, key.Tool)).Concat(listed.Select(tool => new ListedTool(server, tool.Name))));
            var text = new MessageText(TextLimits.Default);
            Dictionary<string, JudgedDefinition> own = new(StringComparer.Ordinal);
            foreach (var tool in anew)
            {
                var of = new ListedTool(server, tool.Name);
                var named = shadows.NamesOf(of, text);
                text.Read(tool.Raw.Span, TextChannel.Definition);
                own[tool.Name] = Judge(policy, of, tool, [.. named, .. shadows.ReferencesOf(of, text)]);
            }

            var names = anew.Where(tool => control.FindTool(server, tool.Name) is null).Select(tool => new ListedTool(server, tool.Name)).ToHashSet();
            List<(string, ToolDefinition, JudgedDefinition)> others = [];
            foreach (var (key, known) in tools.Where(each => names.Count > 0 && each.Key.Server != server && each.Value.Hold == ToolHold.None).Take(MaxOthers))
            {
                var of = new ListedTool(key.Server, key.Tool);
                text.Read(known.Content.Utf8.Span, TextChannel.Definition);
                var definition = new ToolDefinition(key.Tool, known.Content.Utf8, known.Pinned);
                var judged = Judge(policy, of, definition, [.. shadows.ReferencesOf(of, text).Where(shadow => names.Contains(shadow.Other))]);
                if (judged.Findings.Count > 0)
                {
                    others.Add((key.Server, definition, judged));
                }
            }

            return new(own, others);
        }
        catch (Exception e)
        {
            telemetry.Failed(e);
            return FoundShadows.None;
        }
    }

    private static JudgedDefinition Judge(ScreeningPolicy policy, ListedTool of, ToolDefinition tool, IReadOnlyList<ToolShadow> shadows)
    {
        var part = new ScreenedPart("$", ScreeningPlace.Definitions, TextChannel.Definition, of.Server, default, policy.Of(of.Server, of.Tool));
        List<ScreeningFinding> findings = [];
        var isWithheld = false;
        foreach (var shadow in shadows.OrderBy(shadow => shadow.Kind))
        {
            // A name made to be mistaken is a mark that no honest definition bears; words about another's tool are instructions that may not belong there.
            var action = part.Rules.Of(part.Place, shadow.Kind == ShadowKind.LookAlike ? ScreeningKind.Marks : ScreeningKind.Injection);
            if (action == ScreeningAction.Off)
            {
                continue;
            }

            var (rule, severity, what) = Words(shadow.Kind);
            var withholds = action == ScreeningAction.Refuse && shadow.Kind is ShadowKind.LookAlike or ShadowKind.Directive;
            isWithheld |= withholds;
            findings.Add(new(
                FindingDetectors.Definition, rule, severity, withholds ? FindingEffects.Withheld : FindingEffects.Alert,
                shadow.Length == 0 ? null : new(part.PathOf(tool.Raw.Span, shadow.Start), shadow.Start, shadow.Length),
                $"{what} {shadow.Other.Server}/{shadow.Other.Tool}"));
        }

        return findings.Count == 0 ? JudgedDefinition.Clean : new(isWithheld, findings, null);
    }

    private static (string Rule, Severity Severity, string What) Words(ShadowKind kind) => kind switch
    {
        ShadowKind.LookAlike => ("look-alike-name", Severity.High, "looks like"),
        ShadowKind.Directive => ("directs-other-tool", Severity.Medium, "says what to do with"),
        ShadowKind.NearName => ("near-name", Severity.Medium, "close to"),
        ShadowKind.Reference => ("names-other-tool", Severity.Low, "mentions"),
        _ => ("same-name", Severity.Low, "as"),
    };
}
