using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Tools;

namespace McpLedger.Projections.Tests.Folds;

public sealed class CallAndToolTests
{
    [Fact]
    public async Task A_request_and_its_outcome_are_one_call()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(1), new MemoryLedger());
        var call = given.NewId();
        given.Append(ledger, given.Intended(call, "alice", "files", "readFile", "s-1", "x"));
        given.Pass(TimeSpan.FromSeconds(1));
        given.Append(ledger, new MessageRelayed { Call = call, Who = given.Caller("alice"), What = given.Tool("files", "readFile"), Direction = Direction.ToClient, Message = given.Json("half"), Where = given.Place("s-1") });
        given.Append(ledger, given.Completed(call, "alice", "files", "readFile", "s-1", "y", CallOutcome.ToolError, 1_000_000));
        await home.FoldAsync(ledger, batchBytes: 1);

        var detail = await home.Queries(ledger).CallAsync(call, CancellationToken.None);

        Assert.Equal("tool-error", detail!.Call.Outcome);
        Assert.Equal("readFile", detail.Call.Name);
        Assert.Equal(["allow-all"], detail.Call.Rules);
        Assert.Equal(1, detail.Call.Messages);
        Assert.Equal(["call.intended.v1", "call.completed.v1"], detail.Events.Select(e => e.Type));
        Assert.Single(detail.Messages);
        Assert.Equal(TimeSpan.FromSeconds(1), detail.Call.Ended - detail.Call.Started);
    }

    [Fact]
    public async Task An_intent_without_an_outcome_is_listed_as_unresolved_until_it_has_one()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(2), new MemoryLedger());
        var call = given.NewId();
        given.Append(ledger, given.Intended(call, "alice", "files", "readFile", "s-1", "x"));
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "readFile", "s-1", "x"));
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var (before, _) = await queries.CallsAsync(new() { Outcome = "unresolved" }, CancellationToken.None);
        given.Append(ledger, given.Completed(call, "alice", "files", "readFile", "s-1", "y", CallOutcome.Ok, 1));
        await home.FoldAsync(ledger);
        var (after, _) = await queries.CallsAsync(new() { Outcome = "unresolved" }, CancellationToken.None);

        Assert.Equal(call.ToString(), Assert.Single(before!.Items).Call);
        Assert.Empty(after!.Items);
        Assert.Equal(0, (await queries.SessionAsync("s-1", CancellationToken.None))!.Session.Counts.Open);
    }

    [Fact]
    public async Task An_initialize_counts_in_the_session_that_it_opens_and_stays_open_nowhere()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(9), new MemoryLedger());
        var (opening, failing) = (given.NewId(), given.NewId());
        var what = new CallTarget { Server = "files", Kind = "request", Method = "initialize", Id = RawJson.FromTrusted("0"u8.ToArray()), Era = "legacy" };
        var actor = given.Place("alice at files", "actor");
        given.Append(ledger, given.Intended(opening, "alice", "files", "x", "", "x") with { What = what, Where = actor });
        given.Append(ledger, given.Completed(opening, "alice", "files", "x", "s-1", "y", CallOutcome.Ok, 1) with { What = what });
        given.Append(ledger, given.Intended(failing, "alice", "files", "x", "", "x") with { What = what, Where = actor });
        given.Append(ledger, given.Completed(failing, "alice", "files", "x", "", "y", CallOutcome.UpstreamFailed, 1) with { What = what, Where = actor });
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "x", "", "x") with { What = what, Where = actor });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var (opened, before) = ((await queries.SessionAsync("s-1", CancellationToken.None))!.Session, (await queries.SessionAsync("alice at files", CancellationToken.None))!.Session);

        Assert.Equal((1, 1, 0), (opened.Counts.Calls, opened.Counts.Completed, opened.Counts.Open));
        Assert.Equal((2, 1, 1, 0), (before.Counts.Calls, before.Counts.Completed, before.Counts.Refused, before.Counts.Open));
        Assert.Equal(2, Assert.Single(before.Windows).Calls);
    }

    [Fact]
    public async Task Pages_of_calls_hold_every_call_once()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(3).Ledger(600);
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);
        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var (page, _) = await queries.CallsAsync(new() { Server = "files", Limit = 7, Cursor = cursor }, CancellationToken.None);
            seen.AddRange(page!.Items.Select(c => c.Call));
            cursor = page.Cursor;
        }
        while (cursor is not null);

        var (all, _) = await queries.SearchAsync(new() { Query = "server: files and type: (call.intended or call.refused)", Limit = 1 }, CancellationToken.None);
        Assert.Equal(seen.Count, seen.Distinct().Count());
        Assert.Equal(all!.Summary!.Total, seen.Count);
    }

    [Fact]
    public async Task A_changed_tool_shows_what_it_was_and_what_changed()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(4), new MemoryLedger());
        var (first, second) = (Digest.Of("first"u8), Digest.Of("second"u8));
        var before = RawJson.FromTrusted("\"reads\""u8.ToArray());
        var after = RawJson.FromTrusted("\"reads and deletes\""u8.ToArray());
        given.Append(ledger, new ToolPinned { Server = "files", Tool = "a/b", Definition = first, Content = RawJson.FromTrusted("{}"u8.ToArray()) });
        given.Append(ledger, new ToolChanged { Server = "files", Tool = "a/b", Previous = first, Definition = second, Content = RawJson.FromTrusted("{}"u8.ToArray()), Risk = "high", Changes = [new("/description", before, after, "high")] });
        given.Append(ledger, given.Intended(given.NewId(), "alice", "files", "a/b", "s-1", "x"));
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "made up", "s-1", "x"));
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var tool = Assert.Single((await queries.ToolsAsync(new() { Server = "files", Changed = true }, CancellationToken.None)).Value!.Items);

        Assert.True(tool.Changed);
        Assert.Equal((first.ToString(), second.ToString(), 1L), (tool.Pinned, tool.Definition, tool.Calls));
        Assert.Equal("\"reads and deletes\"", Assert.Single((await queries.ToolAsync("files", "a/b", CancellationToken.None))!.History[^1].Changes).After);
        given.Append(ledger, new ToolPinned { Server = "files", Tool = "a/b", Definition = second, Content = RawJson.FromTrusted("{}"u8.ToArray()) });
        await home.FoldAsync(ledger);
        Assert.Single((await queries.ToolsAsync(new() { Changed = true }, CancellationToken.None)).Value!.Items);
        given.Append(ledger, new ToolPinned { Server = "files", Tool = "a/b", Definition = second, Content = RawJson.FromTrusted("{}"u8.ToArray()), ApprovedBy = "ada" });
        await home.FoldAsync(ledger);
        Assert.Empty((await queries.ToolsAsync(new() { Changed = true }, CancellationToken.None)).Value!.Items);
        Assert.NotNull(await queries.ToolAsync("files", "a/b", CancellationToken.None));
    }

    [Fact]
    public async Task A_held_tool_waits_until_an_operator_approves_what_is_listed_now()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(7), new MemoryLedger());
        var (first, second) = (Digest.Of("first"u8), Digest.Of("second"u8));
        var content = RawJson.FromTrusted("{}"u8.ToArray());
        var pinned = new ToolPinned { Server = "files", Tool = "rm", Definition = first, Content = content, Held = true };
        given.Append(ledger, pinned);
        given.Append(ledger, new ToolChanged { Server = "files", Tool = "rm", Previous = first, Definition = second, Content = content, Risk = "low", Changes = [] });
        given.Append(ledger, pinned with { Tool = "ls", Held = null });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var held = Assert.Single((await queries.ToolsAsync(new() { Server = "files", Withheld = true }, CancellationToken.None)).Value!.Items);

        Assert.Equal(("rm", "held", second.ToString()), (held.Tool, held.State, held.Definition));
        given.Append(ledger, pinned with { Definition = second, Held = null, ApprovedBy = "ada" });
        given.Append(ledger, pinned);
        await home.FoldAsync(ledger);
        Assert.Empty((await queries.ToolsAsync(new() { Server = "files", Withheld = true }, CancellationToken.None)).Value!.Items);
        var approved = await queries.ToolAsync("files", "rm", CancellationToken.None);
        Assert.Equal(("approved", "ada", second.ToString()), (approved!.State, approved.ApprovedBy, approved.Pinned));
        Assert.Equal(["held", "changed", "approved"], approved.History.Select(s => s.Step));
        Assert.Equal("pinned", (await queries.ToolAsync("files", "ls", CancellationToken.None))!.State);
    }

    [Fact]
    public async Task Instructions_have_a_view_beside_those_of_their_servers_tools()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(10), new MemoryLedger());
        var (first, second) = (Digest.Of("first"u8), Digest.Of("second"u8));
        var pinned = new ToolPinned { Server = "files", Tool = ServerInstructions.Name, Definition = first, Content = RawJson.FromTrusted("{\"instructions\":\"a\"}"u8.ToArray()) };
        given.Append(ledger, pinned);
        given.Append(ledger, pinned with { Tool = "instructions" });
        given.Append(ledger, new ToolChanged
        {
            Server = "files", Tool = ServerInstructions.Name, Previous = first, Definition = second, Content = RawJson.FromTrusted("{\"instructions\":\"b\"}"u8.ToArray()), Risk = "high", Changes = [new("/instructions", null, null, "high")],
        });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var waiting = Assert.Single((await queries.ToolsAsync(new() { Server = "files", Withheld = true }, CancellationToken.None)).Value!.Items);

        Assert.Equal((":instructions", "changed", first.ToString(), second.ToString()), (waiting.Tool, waiting.State, waiting.Pinned, waiting.Definition));
        Assert.Equal("pinned", (await queries.ToolAsync("files", "instructions", CancellationToken.None))!.State);
        var (found, _) = await queries.SearchAsync(new() { Query = "tool: \":instructions\"" }, CancellationToken.None);
        Assert.Equal(2, found!.Hits.Count);
    }

    [Fact]
    public async Task An_approval_of_what_is_listed_no_more_leaves_what_is_listed_waiting()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(8), new MemoryLedger());
        var (first, second, third) = (Digest.Of("first"u8), Digest.Of("second"u8), Digest.Of("third"u8));
        var content = RawJson.FromTrusted("{}"u8.ToArray());
        var pinned = new ToolPinned { Server = "files", Tool = "rm", Definition = first, Content = content };
        var changed = new ToolChanged { Server = "files", Tool = "rm", Previous = first, Definition = second, Content = content, Risk = "high", Changes = [] };
        given.Append(ledger, pinned);
        given.Append(ledger, changed);
        given.Append(ledger, changed with { Previous = second, Definition = third });
        given.Append(ledger, pinned with { Definition = second, ApprovedBy = "ada" });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var waiting = Assert.Single((await queries.ToolsAsync(new() { Server = "files", Withheld = true }, CancellationToken.None)).Value!.Items);

        Assert.Equal(("changed", second.ToString(), third.ToString(), "ada"), (waiting.State, waiting.Pinned, waiting.Definition, waiting.ApprovedBy));
        given.Append(ledger, changed with { Previous = third, Definition = second });
        await home.FoldAsync(ledger);
        Assert.Equal("approved", (await queries.ToolAsync("files", "rm", CancellationToken.None))!.State);
    }

    [Fact]
    public async Task A_tool_that_a_finding_withholds_waits_like_a_held_one_unless_an_operator_approved_that_definition()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(9), new MemoryLedger());
        var pinned = new ToolPinned { Server = "files", Tool = "rm", Definition = Digest.Of("first"u8), Content = RawJson.FromTrusted("{}"u8.ToArray()) };
        var found = new FindingRaised
        {
            Finding = given.NewId(), Detector = FindingDetectors.Definition, Severity = Severity.High, Server = "files", Tool = "rm", Text = pinned.Definition, Explanation = "marks", Effects = [FindingEffects.Withheld],
        };
        given.Append(ledger, pinned);
        given.Append(ledger, found);
        given.Append(ledger, pinned with { Tool = "ls", ApprovedBy = "ada" });
        given.Append(ledger, found with { Tool = "ls" });
        given.Append(ledger, found with { Tool = "never listed" });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var held = Assert.Single((await queries.ToolsAsync(new() { Server = "files", Withheld = true }, CancellationToken.None)).Value!.Items);

        Assert.Equal(("rm", "held"), (held.Tool, held.State));
        Assert.Equal(["pinned", "marked"], (await queries.ToolAsync("files", "rm", CancellationToken.None))!.History.Select(step => step.Step));
        given.Append(ledger, pinned with { ApprovedBy = "ada" });
        await home.FoldAsync(ledger);
        Assert.Equal("approved", (await queries.ToolAsync("files", "rm", CancellationToken.None))!.State);
    }

    [Fact]
    public async Task A_marked_change_that_was_withheld_already_goes_with_the_change()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(10), new MemoryLedger());
        var content = RawJson.FromTrusted("{}"u8.ToArray());
        var (first, second) = (Digest.Of("first"u8), Digest.Of("second"u8));
        given.Append(ledger, new ToolPinned { Server = "files", Tool = "rm", Definition = first, Content = content });
        given.Append(ledger, new ToolChanged { Server = "files", Tool = "rm", Previous = first, Definition = second, Content = content, Risk = "high", Changes = [] });
        given.Append(ledger, new FindingRaised
        {
            Finding = given.NewId(), Detector = FindingDetectors.Definition, Severity = Severity.High, Server = "files", Tool = "rm", Text = second, Explanation = "marks", Effects = [FindingEffects.Withheld],
        });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);
        Assert.Equal(("changed", true), (await queries.ToolAsync("files", "rm", CancellationToken.None))! is var waiting ? (waiting.State, waiting.Withheld) : default);

        given.Append(ledger, new ToolChanged { Server = "files", Tool = "rm", Previous = second, Definition = first, Content = content, Risk = "none", Changes = [] });
        await home.FoldAsync(ledger);

        Assert.Equal(("pinned", false), (await queries.ToolAsync("files", "rm", CancellationToken.None))! is var served ? (served.State, served.Withheld) : default);
    }

    [Fact]
    public async Task An_actors_session_is_cut_where_it_rests_for_more_than_fifteen_minutes()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(5), new MemoryLedger());
        foreach (var minutes in new[] { 0, 10, 15, 16, 1 })
        {
            given.Pass(TimeSpan.FromMinutes(minutes));
            given.Append(ledger, given.Intended(given.NewId(), "alice", "files", "readFile", "actor-1", "x") with { Where = given.Place("actor-1", "actor") });
        }

        await home.FoldAsync(ledger);

        var session = (await home.Queries(ledger).SessionAsync("actor-1", CancellationToken.None))!.Session;
        Assert.Equal([3L, 2L], session.Windows.Select(w => w.Calls));
    }

    [Fact]
    public async Task The_exact_bytes_of_an_event_are_had_by_its_id()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(6).Ledger(60);
        await home.FoldAsync(ledger, batchBytes: 5_000);
        foreach (var record in ledger.Partitions.SelectMany(ledger.Of))
        {
            Assert.True(EventReader.TryReadChain(record.Bytes.Span, out _, out var id));
            Assert.True((await home.Queries(ledger).EventBytesAsync(id, CancellationToken.None))!.Value.Span.SequenceEqual(record.Bytes.Span));
        }
    }
}
