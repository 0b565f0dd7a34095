using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Tools;
using McpLedger.Detectors.Shadowing;
using McpLedger.Detectors.Text;
using McpLedger.Gateway.Screening;

namespace McpLedger.Gateway.Tools;

/// <summary>What stands in the light of other servers' tools.</summary>
/// <param name="Own">Findings about tools that a server lists anew.</param>
/// <param name="Others">Findings about tools of other servers, which name one of those.</param>
internal sealed record FoundShadows(IReadOnlyDictionary<string, JudgedDefinition> Own, IReadOnlyList<(string Server, ToolDefinition Tool, JudgedDefinition Judged)> Others)
{
    public static FoundShadows None { get; } = new(new Dictionary<string, JudgedDefinition>(), []);
}

/// <summary>What is new in a list of tools.</summary>
/// <param name="Server">Whose list it is.</param>
/// <param name="Listed">All of it.</param>
/// <param name="Changed">The definitions in it that the log does not know.</param>
/// <param name="Names">The names in it that the log does not know.</param>
internal sealed record NewTools(string Server, IReadOnlyList<ToolDefinition> Listed, IReadOnlyList<ToolDefinition> Changed, IReadOnlySet<ListedTool> Names)
{
    public static NewTools In(ImmutableDictionary<ToolKey, PinnedTool> known, string server, IReadOnlyList<ToolDefinition> listed, IEnumerable<ToolDefinition> unknown)
    {
        ToolDefinition[] changed = [.. unknown.Where(tool => !tool.IsInstructions && known.GetValueOrDefault(new(server, tool.Name))?.Seen != tool.Definition)];
        return new(server, listed, changed, changed.Where(tool => !known.ContainsKey(new(server, tool.Name))).Select(tool => new ListedTool(server, tool.Name)).ToHashSet());
    }
}

/// <summary>
/// Holds definitions that were not seen before against the tools of all other servers, and theirs against the new names: whoever comes second is found either way. Looked at when something is new, and then once.
/// Of two names that look alike the odder is the impostor, and of two as odd the later, unless an operator approved the other.
/// </summary>
internal sealed class ShadowScreen(ScreeningTelemetry telemetry)
{
    // A list that is new is rare; what it is held against is bounded all the same.
    private const int MaxOthers = 4096;

    /// <summary>Looks at what is new in a list.</summary>
    /// <param name="policy">What follows from what is found.</param>
    /// <param name="anew">What is new.</param>
    /// <param name="tools">What it is held against.</param>
    /// <param name="among">The tools of other servers that count; null for all.</param>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "What only compares names must not keep a list from its client; what it would have told is said to be missing.")]
    public FoundShadows Look(ScreeningPolicy policy, NewTools anew, ImmutableDictionary<ToolKey, PinnedTool> tools, IReadOnlySet<ToolKey>? among)
    {
        if (anew.Changed.Count == 0)
        {
            return FoundShadows.None;
        }

        try
        {
            // Instructions have no name that could be mistaken, and mostly tell of tools that their server lists later.
            tools = tools.RemoveRange(tools.Keys.Where(key => key.IsInstructions));
            var shadows = new ToolShadows(tools.Keys.Select(key => new ListedTool(key.Server, key.Tool)).Concat(anew.Listed.Select(tool => new ListedTool(anew.Server, tool.Name))));
            var text = new MessageText(TextLimits.Default);
            Dictionary<string, JudgedDefinition> own = new(StringComparer.Ordinal);
            var impostors = new List<(ToolKey Of, ToolShadow Shadow)>();
            foreach (var tool in anew.Changed)
            {
                var of = new ListedTool(anew.Server, tool.Name);
                var named = shadows.NamesOf(of, text).Where(shadow => Counts(shadow.Other)).ToList();
                foreach (var shadow in named.Where(shadow => IsImpostor(tools, shadow, tool.Name, atOnce: among is not null)).ToArray())
                {
                    named.Remove(shadow);
                    impostors.Add((KeyOf(shadow.Other), new(ShadowKind.LookAlike, of, 0, 0)));
                }

                text.Read(tool.Raw.Span, TextChannel.Definition);
                own[tool.Name] = Judge(policy, of, tool, [.. named, .. shadows.ReferencesOf(of, text).Where(shadow => Counts(shadow.Other))]);
            }

            var alike = impostors.ToLookup(each => each.Of, each => each.Shadow);
            List<(string, ToolDefinition, JudgedDefinition)> others = [];
            foreach (var (key, known) in tools.Where(each => (anew.Names.Count > 0 || impostors.Count > 0) && Counts(new(each.Key.Server, each.Key.Tool)) && each.Value.Hold == ToolHold.None).Take(MaxOthers))
            {
                var of = new ListedTool(key.Server, key.Tool);
                text.Read(known.Content.Utf8.Span, TextChannel.Definition);
                var definition = new ToolDefinition(key.Tool, known.Content.Utf8, alike.Contains(key) ? known.Seen : known.Pinned);
                var judged = Judge(policy, of, definition, [.. alike[key], .. shadows.ReferencesOf(of, text).Where(shadow => anew.Names.Contains(shadow.Other))]);
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

        bool Counts(ListedTool other) => other.Server != anew.Server && (among is null || among.Contains(KeyOf(other)));
    }

    private static ToolKey KeyOf(ListedTool tool) => new(tool.Server, tool.Tool);

    // Who comes first may do so on purpose: an odd name that no operator approved is no reason to withhold the plain one. Honest names have digits too: they tell only where nobody came first.
    private static bool IsImpostor(ImmutableDictionary<ToolKey, PinnedTool> tools, in ToolShadow shadow, string name, bool atOnce) =>
        shadow.Kind == ShadowKind.LookAlike && tools.GetValueOrDefault(KeyOf(shadow.Other)) is { IsSeenApproved: false } && OddnessOf(shadow.Other.Tool, atOnce) > OddnessOf(name, atOnce);

    // Letters of other scripts before digits that stand for letters.
    private static int OddnessOf(string name, bool digits) => name.Sum(c => char.IsAsciiDigit(c) ? (digits ? 1 : 0) : char.IsAscii(c) ? 0 : name.Length + 1);

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
