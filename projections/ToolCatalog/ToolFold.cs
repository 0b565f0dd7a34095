using McpLedger.Contracts.Events;
using McpLedger.Projections.Folds;

namespace McpLedger.Projections.ToolCatalog;

/// <summary>
/// Keeps the catalogue of tools and of servers' instructions. Definitions come from the control log and uses from the calls log; the two touch different members, so their order does not matter.
/// </summary>
/// <remarks>Refused calls make no tool: anybody could fill the catalogue with names.</remarks>
internal static class ToolFold
{
    private const int MostSteps = 32;

    /// <summary>What is listed, and how it is used: moved on by every call, so it holds nothing that a server can make long.</summary>
    public static Fold<ToolView> Fold { get; } = new("tools", read => DefinedBy(read).Concat(UsedBy(read)), (view, _, read) => Evolve(view, read) is { } after ? Bare(after) : null, ViewJson.Default.ToolView);

    /// <summary>The definition itself and its history: moved on when it changes.</summary>
    public static Fold<ToolView> Definitions { get; } = new("definitions", DefinedBy, static (view, _, read) => Evolve(view, read), ViewJson.Default.ToolView);

    /// <summary>Key of a tool. Names of servers hold no slash.</summary>
    public static string KeyOf(string server, string tool) => $"{server}/{tool}";

    /// <summary>Both views as one. Of two moments, the definition's is shown: what is read and what is said of it belong together.</summary>
    public static ToolView Whole(ToolView used, ToolView? defined) =>
        defined is null ? used : defined with { Calls = used.Calls, Failed = used.Failed, FirstCalled = used.FirstCalled, LastCalled = used.LastCalled };

    private static IEnumerable<string> DefinedBy(LedgerEvent read) => read.Data switch
    {
        ToolPinned e => [KeyOf(e.Server, e.Tool)],
        ToolChanged e => [KeyOf(e.Server, e.Tool)],
        FindingRaised { Detector: FindingDetectors.Definition, Server: { } server, Tool: { } tool } e when e.Effects.Contains(FindingEffects.Withheld) => [KeyOf(server, tool)],
        _ => [],
    };

    private static IEnumerable<string> UsedBy(LedgerEvent read) => read.Data switch
    {
        CallIntended { What: { Method: "tools/call", Name: { } name } what } => [KeyOf(what.Server, name)],
        CallCompleted { What: { Method: "tools/call", Name: { } name } what } => [KeyOf(what.Server, name)],
        _ => [],
    };

    private static ToolView? Evolve(ToolView? view, LedgerEvent read) => read.Data switch
    {
        ToolPinned e => Pinned(view ?? new() { Server = e.Server, Tool = e.Tool }, e, read.Header),
        ToolChanged e => Changed(view ?? new() { Server = e.Server, Tool = e.Tool }, e, read.Header),
        FindingRaised e => view is null ? null : Marked(view, e, read.Header),
        CallIntended e => Called(view ?? new() { Server = e.What.Server, Tool = e.What.Name! }, read.Header.Time),
        CallCompleted e => (view ?? new() { Server = e.What.Server, Tool = e.What.Name! }) with { Failed = (view?.Failed ?? 0) + (e.Outcome == CallOutcome.Ok ? 0 : 1) },
        _ => view,
    };

    private static ToolView Bare(ToolView view) => view is { Content: null, History.Count: 0 } ? view : view with { Content = null, History = [] };

    private static ToolView Called(ToolView view, DateTimeOffset time) => view with
    {
        Calls = view.Calls + 1,
        FirstCalled = view.FirstCalled is { } first ? Bounded.Earlier(first, time) : time,
        LastCalled = view.LastCalled is { } last ? Bounded.Later(last, time) : time,
    };

    // A second first sight, by another replica, says nothing new, and an approval of what is listed no more leaves what is listed as it was (as the gateway sees it).
    private static ToolView Pinned(ToolView view, ToolPinned e, EventHeader header) =>
        view.Definition is not null && !e.MovesPin() ? view
        : view.Definition is { } seen && seen != e.Definition.ToString() ? Stepped(view with { Pinned = e.Definition.ToString(), ApprovedBy = e.ApprovedBy }, e, header)
        : Stepped(view with
        {
            Definition = e.Definition.ToString(),
            Pinned = e.Definition.ToString(),
            Content = e.Content.ToString(),
            Held = e.Held is true,
            Risk = null,
            ApprovedBy = e.ApprovedBy,
            FirstSeen = view.FirstSeen ?? header.Time,
        }, e, header);

    private static ToolView Stepped(ToolView view, ToolPinned e, EventHeader header) => view with
    {
        History = view.History.Newest(
            new()
            {
                Step = e.ApprovedBy is not null ? "approved" : e.Held is true ? "held" : "pinned",
                Time = header.Time,
                Event = header.Id.ToString(),
                Definition = e.Definition.ToString(),
                By = e.ApprovedBy,
            },
            MostSteps),
    };

    // A definition that was served before anybody looked at it; what an operator approved stays approved, and what waits as a change at high risk waits as that (as the gateway sees it).
    private static ToolView Marked(ToolView view, FindingRaised e, EventHeader header) =>
        view.Definition != e.Text?.ToString() || view.Withheld || (view.ApprovedBy is not null && view.Pinned == view.Definition) ? view : view with
        {
            Held = true,
            History = view.History.Newest(new() { Step = "marked", Time = header.Time, Event = header.Id.ToString(), Definition = view.Definition! }, MostSteps),
        };

    private static ToolView Changed(ToolView view, ToolChanged e, EventHeader header) => view with
    {
        Definition = e.Definition.ToString(),
        Pinned = view.Pinned ?? e.Previous.ToString(),
        Content = e.Content.ToString(),
        Held = view.Held && !(view.ApprovedBy is not null && e.Definition.ToString() == view.Pinned),
        Risk = e.Definition.ToString() == (view.Pinned ?? e.Previous.ToString()) ? null : e.Risk,
        FirstSeen = view.FirstSeen ?? header.Time,
        LastChanged = header.Time,
        History = DefinitionChanges.Shortened(view.History).Newest(
            DefinitionChanges.Kept(new()
            {
                Step = "changed",
                Time = header.Time,
                Event = header.Id.ToString(),
                Definition = e.Definition.ToString(),
                Previous = e.Previous.ToString(),
                Risk = e.Risk,
                Changes = [.. e.Changes.Select(c => new DefinitionChange(c.Path, c.Before?.ToString(), c.After?.ToString(), c.Risk, Cut: false))],
            }),
            MostSteps),
    };
}
