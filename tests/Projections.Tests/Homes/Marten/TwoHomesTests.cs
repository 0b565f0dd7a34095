using McpLedger.Contracts.Events;
using McpLedger.Projections.Calls;
using McpLedger.Projections.Folds;
using McpLedger.Projections.Search;
using McpLedger.Testing.Postgres;

namespace McpLedger.Projections.Tests.Homes.Marten;

/// <summary>One fold, two homes: the same ledger gives the same views, and the same questions the same answers.</summary>
public sealed class TwoHomesTests(PostgresServer server)
{
    private static readonly int Events = Environment.GetEnvironmentVariable("MCPLEDGER_LONG") is null ? 20_000 : 100_000;

    [Fact]
    public async Task One_ledger_folded_in_both_homes_gives_the_same_views()
    {
        await using var marten = await TemporaryMarten.MakeAsync(server);
        using var embedded = new TemporaryHome();
        var ledger = new MixedLedger(81).Make(Events);

        // Cut at random, and differently; some batches come twice; what is no event is left out by both, as a consumer does that parks it.
        await FoldAsync(ledger, 82, (p, records, next) => embedded.Home.Writer!.ApplyAsync(p, records, next, ledger, CancellationToken.None).AsTask());
        await FoldAsync(ledger, 83, (p, records, next) => marten.Writer.ApplyAsync(null, p, records, next, CancellationToken.None).AsTask());
        await marten.CatchUpAsync();

        Assert.Empty(TemporaryMarten.Differences(await marten.DigestAsync(), embedded.Home.Writer!.Digest()));
        Assert.Equal(ledger.Partitions.Sum(p => ledger.Of(p).Count(r => EventReader.TryRead(r.Bytes.Span, out _, out _))), await marten.CountAsync("SELECT count(*) FROM mcpledger_blue.mt_events"));
    }

    [Fact]
    public async Task Questions_have_the_same_answers_in_both_homes()
    {
        await using var marten = await TemporaryMarten.MakeAsync(server);
        using var embedded = new TemporaryHome();
        var ledger = new MixedLedger(84).Make(3_000);
        await FoldAsync(ledger, 85, (p, records, next) => embedded.Home.Writer!.ApplyAsync(p, records, next, ledger, CancellationToken.None).AsTask());
        await FoldAsync(ledger, 86, (p, records, next) => marten.Writer.ApplyAsync(null, p, records, next, CancellationToken.None).AsTask());
        await marten.CatchUpAsync();
        var (here, there) = (embedded.Home.Queries(ledger, embedded.Time), marten.Queries(embedded, ledger));

        foreach (var filter in new CallFilter[]
        {
            new(), new() { Server = "files" }, new() { Name = "nul\0tool" }, new() { Name = new('n', 700) }, new() { Principal = "user-3", Outcome = "unresolved" }, new() { Outcome = "refused" }, new() { Outcome = "ok" }, new() { Outcome = "tool-error", Server = "files" },
            new() { Session = "protocol-7" }, new() { Method = "tools/call", From = Given.Start.AddMinutes(20), To = Given.Start.AddMinutes(60) }, new() { Server = "'; DROP TABLE x; --" },
        })
        {
            Assert.Equal(await KeysAsync(f => here.CallsAsync(f, CancellationToken.None), filter), await KeysAsync(f => there.CallsAsync(f, CancellationToken.None), filter));
        }

        Assert.Equal(Json(await here.SessionsAsync(200, null, CancellationToken.None)), Json(await there.SessionsAsync(200, null, CancellationToken.None)));
        Assert.Equal(Json(await here.PrincipalsAsync(200, null, CancellationToken.None)), Json(await there.PrincipalsAsync(200, null, CancellationToken.None)));
        foreach (var filter in new ToolFilter[] { new() { Limit = 3 }, new() { Changed = true, Limit = 2 }, new() { Server = "mail", Limit = 1 }, new() { Withheld = true } })
        {
            Assert.Equal(
                await PagesAsync(c => here.ToolsAsync(filter with { Cursor = c }, CancellationToken.None)), await PagesAsync(c => there.ToolsAsync(filter with { Cursor = c }, CancellationToken.None)));
        }

        Assert.Equal(Json(await here.ToolAsync("mail", "one\u0001tool", CancellationToken.None)), Json(await there.ToolAsync("mail", "one\u0001tool", CancellationToken.None)));
        Assert.Equal(await PagesAsync(c => here.KeysAsync(5, c, CancellationToken.None)), await PagesAsync(c => there.KeysAsync(5, c, CancellationToken.None)));
        Assert.Equal(await PagesAsync(c => here.SessionsAsync(7, c, CancellationToken.None)), await PagesAsync(c => there.SessionsAsync(7, c, CancellationToken.None)));
        Assert.Equal(Json(await here.PartitionsAsync(CancellationToken.None)), Json(await there.PartitionsAsync(CancellationToken.None)));
        Assert.Equal(await PagesAsync(c => here.WritersAsync(1, c, CancellationToken.None)), await PagesAsync(c => there.WritersAsync(1, c, CancellationToken.None)));
    }

    [Fact]
    public async Task A_session_as_it_was_is_the_same_in_both_homes()
    {
        await using var marten = await TemporaryMarten.MakeAsync(server);
        using var embedded = new TemporaryHome();
        var ledger = new MixedLedger(87).Make(3_000);
        await FoldAsync(ledger, 88, (p, records, next) => embedded.Home.Writer!.ApplyAsync(p, records, next, ledger, CancellationToken.None).AsTask());
        await FoldAsync(ledger, 89, (p, records, next) => marten.Writer.ApplyAsync(null, p, records, next, CancellationToken.None).AsTask());
        var (here, there) = (embedded.Home.Queries(ledger, embedded.Time), marten.Queries(embedded, ledger));
        var (told, initialized, late) = (0, 0, 0);
        foreach (var session in (await here.SessionsAsync(60, null, CancellationToken.None)).Value!.Items)
        {
            foreach (var at in new[] { session.First, session.First + ((session.Last - session.First) / 2), session.Last })
            {
                var (then, _) = await here.SessionAtAsync(session.Session, at, CancellationToken.None);
                Assert.Equal(Json(then), Json((await there.SessionAtAsync(session.Session, at.ToOffset(TimeSpan.FromHours(2)), CancellationToken.None)).Value));
                told += then!.Session.Counts == session.Counts ? 0 : 1;
            }

            // An initialize ends in another session, which may be later than anything in this one.
            var now = await here.SessionAsync(session.Session, CancellationToken.None);
            Assert.Equal(Json(now), Json((await there.SessionAtAsync(session.Session, Given.Start.AddDays(1), CancellationToken.None)).Value));
            Assert.Equal(Json(now), Json((await here.SessionAtAsync(session.Session, Given.Start.AddDays(1), CancellationToken.None)).Value));
            (initialized, late) = (initialized + now!.Calls.Items.Count(c => c is { Method: "initialize", Outcome: "ok" }), late + now.Calls.Items.Count(c => c.Reason?.Contains("resumed", StringComparison.Ordinal) is true));
        }

        Assert.True(initialized > 5 && late > 5, $"{initialized} initialized, {late} answered late.");

        Assert.True(told > 30, $"Only {told} moments differed from the end.");
        Assert.Null((await there.SessionAtAsync("nobody", Given.Start, CancellationToken.None)).Value);
    }

    [Fact]
    public async Task An_early_moment_of_a_long_session_is_answered_in_both_homes_however_far_back_its_first_clock_stood()
    {
        await using var marten = await TemporaryMarten.MakeAsync(server);
        using var embedded = new TemporaryHome();
        var (given, ledger) = (new Given(90), new MemoryLedger());
        ledger.Append(given.NewId(), DateTimeOffset.UnixEpoch.AddDays(1), Actors());
        for (var i = 0; i <= Sessions.SessionMoment.MostEvents; i++)
        {
            given.Append(ledger, Actors());
            given.Pass(TimeSpan.FromSeconds(1));
        }

        await embedded.FoldAsync(ledger, 4_000_000);
        await marten.FoldAsync(ledger, 4_000_000);
        var (here, there) = (embedded.Home.Queries(ledger, embedded.Time), marten.Queries(embedded, ledger));

        var (then, _) = await here.SessionAtAsync("actor", Given.Start.AddSeconds(99), CancellationToken.None);
        var (same, fault) = await there.SessionAtAsync("actor", Given.Start.AddSeconds(99), CancellationToken.None);

        Assert.Null(fault);
        Assert.Equal(101, then!.Session.Counts.Calls);
        Assert.Equal(Json(then), Json(same));
        Assert.Equal("at", (await there.SessionAtAsync("actor", Given.Start.AddDays(1), CancellationToken.None)).Fault?.Field);
        Assert.Equal("at", (await here.SessionAtAsync("actor", Given.Start.AddDays(1), CancellationToken.None)).Fault?.Field);

        CallRefused Actors() => given.Refused(given.NewId(), "alice", "files", "read_file", "actor", "x") with { Where = given.Place("actor", "actor") };
    }

    internal static async Task FoldAsync(MemoryLedger ledger, int seed, Func<LedgerPartition, IReadOnlyList<LedgerRecord>, long?, Task> apply)
    {
        var random = new Random(seed);
        var at = ledger.Partitions.ToDictionary(p => p, _ => 0);
        while (at.Where(p => p.Value < ledger.Of(p.Key).Count).Select(p => p.Key).ToArray() is { Length: > 0 } left)
        {
            var partition = left[random.Next(left.Length)];
            var records = ledger.Of(partition).Skip(at[partition]).Take(random.Next(1, 1_200)).ToArray();
            var good = records.Where(r => EventReader.TryRead(r.Bytes.Span, out _, out _)).ToArray();
            at[partition] += records.Length;
            await apply(partition, good, at[partition]);
            if (random.Next(6) == 0)
            {
                await apply(partition, good, null);
            }
        }
    }

    private static async Task<List<string>> KeysAsync(Func<CallFilter, ValueTask<Answer<ViewPage<CallView>>>> calls, CallFilter filter)
    {
        var keys = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await calls(filter with { Limit = 70, Cursor = cursor })).Value!;
            keys.AddRange(page.Items.Select(c => System.Text.Json.JsonSerializer.Serialize(c, ViewJson.Default.CallView)));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return keys;
    }

    // Every view, page by page, each once.
    private static async Task<List<string>> PagesAsync<T>(Func<string?, ValueTask<Answer<ViewPage<T>>>> read)
    {
        var views = new List<string>();
        string? cursor = null;
        do
        {
            var page = (await read(cursor)).Value!;
            views.AddRange(page.Items.Select(Json));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        Assert.NotEmpty(views);
        Assert.Equal(views.Count, views.Distinct(StringComparer.Ordinal).Count());
        return views;
    }

    private static string Json<T>(T value) => System.Text.Json.JsonSerializer.Serialize(value);
}
