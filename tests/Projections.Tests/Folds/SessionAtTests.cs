using McpLedger.Contracts.Events;
using McpLedger.Projections.Search;

namespace McpLedger.Projections.Tests.Folds;

/// <summary>A session as it was, where its calls go beyond it.</summary>
public sealed class SessionAtTests : IDisposable
{
    private readonly TemporaryHome _home = new();
    private readonly Given _given = new(74);
    private readonly MemoryLedger _ledger = new();

    public void Dispose() => _home.Dispose();

    [Fact]
    public async Task An_initialize_ends_where_it_began_and_is_no_call_of_the_session_that_it_opened()
    {
        var call = _given.NewId();
        var begun = _given.Now;
        Append(_given.Initialize(call, "alice", "actor-a"));
        Append(_given.Initialized(call, "alice", "protocol-a"));
        Append(_given.Refused(_given.NewId(), "alice", "files", "read_file", "protocol-a", "x"));
        await _home.FoldAsync(_ledger);

        Assert.Equal("unresolved", Assert.Single((await AtAsync("actor-a", begun)).Calls.Items).Outcome);
        await AssertAsNowAsync("actor-a", 1);
        await AssertAsNowAsync("protocol-a", 1);
    }

    [Fact]
    public async Task A_late_answer_ends_its_call_from_the_moment_it_came()
    {
        var call = _given.NewId();
        var begun = _given.Now;
        Append(_given.Intended(call, "alice", "files", "read_file", "protocol-a", "x"));
        Append(_given.Late("alice", "files", "protocol-a", "7"));
        await _home.FoldAsync(_ledger);

        Assert.Equal("unresolved", Assert.Single((await AtAsync("protocol-a", begun)).Calls.Items).Outcome);
        await AssertAsNowAsync("protocol-a", 1);
    }

    [Fact]
    public async Task What_the_ledger_does_not_keep_any_more_is_said_and_not_left_out()
    {
        for (var i = 0; i < 4; i++)
        {
            Append(_given.Refused(_given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        }

        await _home.FoldAsync(_ledger);
        _ledger.DropBefore(LedgerPartition.Calls, 3);

        var (detail, fault) = await _home.Queries(_ledger).SessionAtAsync("s-1", Given.Start.AddHours(1), CancellationToken.None);

        Assert.Null(detail);
        Assert.Contains("3 of the session's 4 events", fault!.Detail, StringComparison.Ordinal);
    }

    private async Task<SessionDetail> AtAsync(string session, DateTimeOffset at) => (await _home.Queries(_ledger).SessionAtAsync(session, at, CancellationToken.None)).Value!;

    private async Task AssertAsNowAsync(string session, int calls)
    {
        var now = await _home.Queries(_ledger).SessionAsync(session, CancellationToken.None);
        Assert.Equal(calls, now!.Calls.Items.Count);
        Assert.Equal(System.Text.Json.JsonSerializer.Serialize(now), System.Text.Json.JsonSerializer.Serialize(await AtAsync(session, Given.Start.AddHours(1))));
    }

    private void Append(EventData data)
    {
        _given.Append(_ledger, data);
        _given.Pass(TimeSpan.FromSeconds(1));
    }
}
