using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Search;
using McpLedger.Projections.Search.Sqlite;

namespace McpLedger.Projections.Tests.Search;

public sealed class RollupTests
{
    [Theory]
    [InlineData("*")]
    [InlineData("server: files")]
    [InlineData("tool: read* and not outcome: ok")]
    [InlineData("principal: (alice or bob) and class: traffic")]
    [InlineData("not principal: alice")]
    [InlineData("class: traffic")]
    [InlineData("verdict: refused or outcome: *")]
    public async Task Sums_count_what_counting_every_event_counts(string text)
    {
        using var home = new TemporaryHome();
        var ledger = new Given(41).Ledger(4_000);
        await home.FoldAsync(ledger, batchBytes: 500_000);
        var plan = SearchPlan.Of(new() { Query = text, Housekeeping = true }, home.Time.GetUtcNow()).Value!;
        Assert.True(RollupSearch.Knows(plan.Query));

        var sums = await home.Home.ReadAsync(d => RollupSearch.Run(d, plan), CancellationToken.None);
        var (page, _) = await home.Queries(ledger).SearchAsync(new() { Query = text, Housekeeping = true }, CancellationToken.None);

        Assert.Equal(("exact", "hourly-sums"), (page!.Summary!.Basis, sums!.Basis));
        Assert.Equal(page.Summary.Total, sums.Total);
        Assert.Equal(page.Summary.Total, sums.Histogram.Buckets.Sum(b => b.Count));
        foreach (var (exact, summed) in page.Summary.Facets.Zip(sums.Facets).Where((_, i) => RollupSearch.Counts(plan.Query, Tally.Fields[i])))
        {
            Assert.Equal(exact.Values, summed.Values);
        }
    }

    [Fact]
    public async Task A_name_longer_than_a_keyword_is_summed_under_what_it_is_asked_by()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(44), new MemoryLedger());
        var tool = new string('n', 300);
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", tool, "s-1", "x"));
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", tool + "n", "s-1", "x"));
        await home.FoldAsync(ledger);
        var plan = SearchPlan.Of(new() { Query = $"tool: {tool}" }, home.Time.GetUtcNow()).Value!;

        Assert.Equal(1, (await home.Home.ReadAsync(d => RollupSearch.Run(d, plan), CancellationToken.None))!.Total);
    }

    [Theory]
    [InlineData("server: files", "principal")]
    [InlineData("principal: alice", "tool")]
    public async Task A_facet_that_sums_do_not_tell_is_of_the_newest_hits_and_says_so(string text, string field)
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(43), new MemoryLedger());
        for (var i = 0; i < 6_000; i++)
        {
            given.Append(ledger, given.Refused(given.NewId(), i < 3_000 ? "alice" : "bob", "files", "read_file", "s-1", "x"));
            given.Append(ledger, given.Refused(given.NewId(), "alice", i < 3_000 ? "mail" : "web", "send", "s-1", "x"));
            given.Pass(TimeSpan.FromMinutes(1));
        }

        await home.FoldAsync(ledger);
        var (page, _) = await home.Queries(ledger).SearchAsync(new() { Query = text }, CancellationToken.None);

        var summary = page!.Summary!;
        Assert.Equal("hourly-sums", summary.Basis);
        Assert.Equal(text.StartsWith("server", StringComparison.Ordinal) ? 6_000 : 9_000, summary.Total);
        var facet = summary.Facets.Single(f => f.Field == field);
        Assert.Equal((2_000L, 2_000L), (facet.Newest, facet.Values.Sum(v => v.Count)));
        Assert.Null(summary.Facets.Single(f => f.Field == text[..text.IndexOf(':', StringComparison.Ordinal)]).Newest);
    }

    [Theory]
    [InlineData("server: b")]
    [InlineData("not server: b")]
    [InlineData("server: a and not server: b")]
    [InlineData("server: b and type: policy.published")]
    [InlineData("server: *")]
    public async Task An_event_of_several_servers_is_summed_under_each_of_them(string text)
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(45), new MemoryLedger());
        for (var i = 0; i < 6_000; i++)
        {
            given.Append(ledger, given.Refused(given.NewId(), "alice", i % 2 == 0 ? "a" : "b", "read_file", "s-1", "x"));
            given.Pass(TimeSpan.FromMinutes(1));
        }

        for (var i = 0; i < 10; i++)
        {
            given.Append(ledger, new PolicyPublished(Digest.Of("p"u8), i < 8 ? ["a", "b"] : i < 9 ? ["b"] : [], "start"));
        }

        await home.FoldAsync(ledger, batchBytes: 500_000);
        var request = new SearchRequest { Query = text, Housekeeping = true };
        var plan = SearchPlan.Of(request, home.Time.GetUtcNow()).Value!;

        var sums = (await home.Home.ReadAsync(d => RollupSearch.Run(d, plan), CancellationToken.None))!;
        var counted = (await home.Queries(ledger).SearchAsync(request, CancellationToken.None)).Value!.Summary!;
        var expected = text switch { "server: b" => 3_009, "not server: b" => 3_001, "server: a and not server: b" => 3_000, "server: *" => 6_009, _ => 9 };

        Assert.Equal((expected, expected), (sums.Total, counted.Total));
        Assert.Equal(counted.Facets.Single(f => f.Field == "server").Values, sums.Facets.Single(f => f.Field == "server").Values);
    }

    [Fact]
    public async Task A_server_whatever_its_name_holds_is_one()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(46), new MemoryLedger());
        given.Append(ledger, given.Refused(given.NewId(), "alice", "a\nb", "read_file", "s-1", "x"));
        await home.FoldAsync(ledger);

        foreach (var (text, total) in new[] { ("server: b", 0), ("server: a", 0), ("server: \"a\nb\"", 1) })
        {
            var plan = SearchPlan.Of(new() { Query = text }, home.Time.GetUtcNow()).Value!;
            Assert.Equal(total, (await home.Home.ReadAsync(d => RollupSearch.Run(d, plan), CancellationToken.None))!.Total);
        }
    }

    [Fact]
    public void Sums_are_not_asked_what_they_do_not_know()
    {
        foreach (var text in new[] { "word", "session: s-1", "duration > 1s", "server: a and team: b", "not (name: x)", "server: a and principal: b" })
        {
            Assert.True(QueryParser.TryParse(text, Given.Start, out var query, out _));
            Assert.False(RollupSearch.Knows(query), text);
        }
    }

    [Fact]
    public async Task A_stretch_of_days_is_the_hours_at_its_ends_and_the_days_between()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(42), new MemoryLedger());
        for (var hour = 0; hour < 24 * 12; hour++)
        {
            given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
            given.Pass(TimeSpan.FromHours(1));
        }

        await home.FoldAsync(ledger);
        var plan = SearchPlan.Of(new() { From = Given.Start.AddHours(5), To = Given.Start.AddHours(5 + (24 * 8)).AddMinutes(1) }, home.Time.GetUtcNow()).Value!;

        var sums = await home.Home.ReadAsync(d => RollupSearch.Run(d, plan), CancellationToken.None);

        Assert.Equal((24 * 8) + 1, sums!.Total);
    }
}
