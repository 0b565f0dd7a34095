using System.Text;
using McpLedger.Contracts.Events;

namespace McpLedger.Projections.Tests.Folds;

/// <summary>Answers on a stream of their own, at a gateway that did not know the call.</summary>
public sealed class LateAnswerTests
{
    [Fact]
    public async Task An_answer_at_a_gateway_that_does_not_know_the_call_ends_it_by_session_and_id()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(8), new MemoryLedger());
        var (call, other) = (given.NewId(), given.NewId());
        given.Append(ledger, given.Intended(call, "alice", "files", "slow", "s-1", "x"));
        given.Append(ledger, given.Intended(other, "alice", "files", "slow", "s-2", "x"));
        given.Pass(TimeSpan.FromSeconds(2));
        var answer = new MessageRelayed
        {
            Call = given.NewId(), Who = given.Caller("alice"), What = new() { Server = "files", Kind = "response", Id = RawJson.FromTrusted("7"u8.ToArray()) },
            Direction = Direction.ToClient, Message = given.Json("late"), Where = given.Place("s-1"), Outcome = CallOutcome.ToolError,
        };
        given.Append(ledger, answer);
        given.Append(ledger, answer with { Outcome = CallOutcome.Ok });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var ended = (await queries.CallAsync(call, CancellationToken.None))!.Call;

        Assert.Equal(("tool-error", 2_000_000L), (ended.Outcome, ended.DurationMicros));
        Assert.Equal("message.relayed.v1", (await queries.CallAsync(call, CancellationToken.None))!.Events[^1].Type);
        Assert.Equal(other.ToString(), Assert.Single((await queries.CallsAsync(new() { Outcome = "unresolved" }, CancellationToken.None)).Value!.Items).Call);
        Assert.Contains((await queries.SessionAsync("s-1", CancellationToken.None))!.Calls.Items, c => c.Outcome == "tool-error");
        Assert.Equal(call.ToString(), Assert.Single((await queries.CallsAsync(new() { Outcome = "tool-error" }, CancellationToken.None)).Value!.Items).Call);
        Assert.Empty((await queries.CallsAsync(new() { Outcome = "ok" }, CancellationToken.None)).Value!.Items);
    }

    [Fact]
    public async Task A_late_answer_that_was_withheld_ends_its_call_as_the_error_that_the_client_was_told()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(81), new MemoryLedger());
        var call = given.NewId();
        given.Append(ledger, given.Intended(call, "alice", "files", "slow", "s-1", "x"));
        given.Pass(TimeSpan.FromSeconds(2));
        given.Append(ledger, given.Late("alice", "files", "s-1", "7") with { Dropped = "It holds a secret." });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        var ended = (await queries.CallAsync(call, CancellationToken.None))!.Call;

        Assert.Equal(("protocol-error", "It holds a secret."), (ended.Outcome, ended.Reason));
        Assert.Empty((await queries.CallsAsync(new() { Outcome = "ok" }, CancellationToken.None)).Value!.Items);
    }

    [Theory]
    [InlineData("\"a\"", "\"\\u0061\"", true)]
    [InlineData("1", "1", true)]
    [InlineData("1", "\"1\"", false)]
    [InlineData("\"a\"", "\"A\"", false)]
    public async Task An_answer_has_its_calls_id_by_type_and_value_and_not_by_spelling(string asked, string answered, bool isSame)
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(82), new MemoryLedger());
        given.Append(ledger, Asking(given, given.NewId(), asked));
        given.Append(ledger, given.Late("alice", "files", "s-1", answered));
        await home.FoldAsync(ledger);

        var call = Assert.Single((await home.Queries(ledger).CallsAsync(new(), CancellationToken.None)).Value!.Items);

        Assert.Equal(isSame ? "ok" : "unresolved", call.Outcome);
    }

    [Fact]
    public async Task An_answer_from_before_its_call_does_not_stand_in_the_way_of_the_one_behind_it()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(83), new MemoryLedger());
        var (first, second) = (given.NewId(), given.NewId());
        Say(given.Late("alice", "files", "s-1", "7") with { Outcome = CallOutcome.ToolError });
        Say(Asking(given, first, "7"));
        Say(given.Late("alice", "files", "s-1", "7"));
        Say(given.Late("alice", "files", "s-1", "7") with { Outcome = CallOutcome.ProtocolError });
        Say(Asking(given, second, "7"));
        Say(given.Late("alice", "files", "s-1", "7") with { Outcome = CallOutcome.ToolError });
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        Assert.Equal("ok", (await queries.CallAsync(first, CancellationToken.None))!.Call.Outcome);
        Assert.Equal("tool-error", (await queries.CallAsync(second, CancellationToken.None))!.Call.Outcome);
        Assert.True((await home.RebuildAsync(ledger)).Identical);

        void Say(EventData data)
        {
            given.Append(ledger, data);
            given.Pass(TimeSpan.FromSeconds(1));
        }
    }

    private static CallIntended Asking(Given given, EventId call, string id)
    {
        var asked = given.Intended(call, "alice", "files", "slow", "s-1", "x");
        return asked with { What = asked.What with { Id = RawJson.FromTrusted(Encoding.UTF8.GetBytes(id)) } };
    }
}
