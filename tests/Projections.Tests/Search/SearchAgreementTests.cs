using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Contracts.Search;

namespace McpLedger.Projections.Tests.Search;

public sealed class SearchAgreementTests
{
    [Fact]
    public async Task A_thousand_queries_find_exactly_what_reading_every_document_finds()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(11).Ledger(600);
        await home.FoldAsync(ledger);
        var documents = Documents(ledger);
        var queries = home.Queries(ledger);
        var generator = new QueryGenerator(12);
        var matched = 0;
        for (var i = 0; i < 1_000; i++)
        {
            var text = generator.Next();
            Assert.True(QueryParser.TryParse(text, home.Time.GetUtcNow(), out var query, out var fault), $"{text}: {fault}");
            var expected = documents.Where(d => QueryEvaluator.Matches(query, d)).Select(d => d.Id.ToString()).Order().ToArray();

            var found = await AllPagesAsync(queries, text);

            Assert.True(expected.SequenceEqual(found.Order()), $"{text}\nexpected {expected.Length}, found {found.Count}");
            matched += expected.Length > 0 && expected.Length < documents.Count ? 1 : 0;
        }

        Assert.True(matched > 500, $"Only {matched} of the queries told documents apart.");
    }

    [Theory]
    [InlineData("se*")]
    [InlineData("tool*")]
    [InlineData("text*")]
    [InlineData("duration*")]
    [InlineData("wor*")]
    [InlineData("not tool*")]
    public async Task The_beginning_of_a_word_meets_words_and_no_field(string text)
    {
        using var home = new TemporaryHome();
        var ledger = new Given(20).Ledger(200);
        await home.FoldAsync(ledger);
        Assert.True(QueryParser.TryParse(text, home.Time.GetUtcNow(), out var query, out _));

        var found = await AllPagesAsync(home.Queries(ledger), text);

        Assert.Equal(Documents(ledger).Where(d => QueryEvaluator.Matches(query, d)).Select(d => d.Id.ToString()).Order(), found.Order());
    }

    [Fact]
    public async Task The_tool_of_a_finding_is_counted_like_any_other()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(21), new MemoryLedger());
        given.Append(ledger, given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
        given.Append(ledger, given.Finding(FindingDetectors.Loop, Severity.High, "s-1") with { Tool = "read_file" });
        await home.FoldAsync(ledger);
        var plan = Projections.Search.SearchPlan.Of(new() { Query = "tool: *" }, home.Time.GetUtcNow()).Value!;

        var (page, _) = await home.Queries(ledger).SearchAsync(new() { Query = "tool: *" }, CancellationToken.None);
        var sums = await home.Home.ReadAsync(d => Projections.Search.Sqlite.RollupSearch.Run(d, plan), CancellationToken.None);

        Assert.Equal("exact", page!.Summary!.Basis);
        foreach (var summary in new[] { page.Summary, sums! })
        {
            Assert.Equal(new("read_file", 2), Assert.Single(summary.Facets.Single(f => f.Field == "tool").Values));
        }
    }

    [Fact]
    public async Task Totals_facets_and_histogram_count_every_hit_once()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(13).Ledger(500);
        await home.FoldAsync(ledger);
        var documents = Documents(ledger);

        var (page, _) = await home.Queries(ledger).SearchAsync(new() { Query = "tool: *", Housekeeping = true, Limit = 1 }, CancellationToken.None);

        var matching = documents.Where(d => d.First(FieldCatalog.Tool) is not null).ToArray();
        Assert.Equal("exact", page!.Summary!.Basis);
        Assert.Equal(matching.Length, page.Summary.Total);
        Assert.Equal(matching.Length, page.Summary.Histogram.Buckets.Sum(b => b.Count));
        var servers = page.Summary.Facets.Single(f => f.Field == "server").Values.ToDictionary(v => v.Value, v => v.Count);
        Assert.Equal(matching.CountBy(d => d.First(FieldCatalog.Server)!).ToDictionary(p => p.Key, p => (long)p.Value), servers);
    }

    [Fact]
    public async Task Hits_come_newest_first_over_days()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(14).Ledger(2_000);
        await home.FoldAsync(ledger);
        var (page, _) = await home.Queries(ledger).SearchAsync(new() { Limit = 200, Housekeeping = true }, CancellationToken.None);

        Assert.Equal(page!.Hits.OrderByDescending(h => h.Time).Select(h => h.Time), page.Hits.Select(h => h.Time));
        Assert.True(page.Summary!.Histogram.Buckets[^1].Start - page.Summary.Histogram.Buckets[0].Start > TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task Hits_of_one_moment_come_by_their_ids_wherever_a_page_ends()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(19), new MemoryLedger());
        for (var i = 0; i < 90; i++)
        {
            given.Append(ledger, i % 3 == 0 ? new AccessGranted("auditor", "search", "x") : given.Refused(given.NewId(), "alice", "files", "read_file", "s-1", "x"));
            given.Pass(i % 30 == 0 ? TimeSpan.FromMicroseconds(1) : TimeSpan.Zero);
        }

        await home.FoldAsync(ledger);
        var hits = new List<Projections.Search.Hit>();
        string? cursor = null;
        do
        {
            var (page, _) = await home.Queries(ledger).SearchAsync(new() { Limit = 7, Cursor = cursor, Summary = false }, CancellationToken.None);
            hits.AddRange(page!.Hits);
            cursor = page.Cursor;
        }
        while (cursor is not null);

        Assert.Equal(90, hits.Select(h => h.Event).Distinct().Count());
        Assert.Equal(hits.OrderByDescending(h => h.Time).ThenByDescending(h => h.Event, StringComparer.Ordinal).Select(h => h.Event), hits.Select(h => h.Event));
    }

    [Theory]
    [InlineData("\" OR t:* --")]
    [InlineData("\"; DROP TABLE event; --")]
    [InlineData("NEAR(a b, 5)")]
    [InlineData("server: \"' OR '1'='1\"")]
    [InlineData("tool: \"a\\\" OR \\\"b\"")]
    [InlineData("a AND NOT NOT b")]
    [InlineData("^start {t} : x")]
    [InlineData("server: \"nul\0nul\"")]
    public async Task What_looks_like_another_language_is_only_text(string text)
    {
        using var home = new TemporaryHome();
        var ledger = new Given(15).Ledger(100);
        await home.FoldAsync(ledger);
        var before = home.Home.Writer!.Digest().Whole;

        // Either it reads as a query, and runs, or it is refused with a reason; nothing reaches the database as anything but a value.
        var (page, fault) = await home.Queries(ledger).SearchAsync(new() { Query = text }, CancellationToken.None);

        Assert.True(page is null != fault is null);
        Assert.Equal(before, home.Home.Writer.Digest().Whole);
    }

    [Fact]
    public async Task The_deepest_and_the_longest_queries_run()
    {
        using var home = new TemporaryHome();
        var ledger = new Given(16).Ledger(100);
        await home.FoldAsync(ledger);
        var deep = string.Concat(Enumerable.Repeat("not (", 13)) + "server: files" + new string(')', 13);
        var mingled = string.Concat(Enumerable.Repeat("(tool: a or server: files and ", 27)) + "kind: agent" + new string(')', 27);
        var longest = string.Join(" or ", Enumerable.Range(0, 200).Select(i => $"w{i}"));
        var negated = string.Join(' ', Enumerable.Range(0, 200).Select(i => $"not w{i}"));
        var nested = string.Concat(Enumerable.Repeat("(not a not b not (c or ", 9)) + "server: files" + new string(')', 18);
        var mixed = string.Join(" or ", Enumerable.Range(0, 60).Select(i => $"(duration > {i}s and not tool: t{i})"));

        foreach (var text in new[] { deep, mingled, longest, negated, nested, mixed })
        {
            var (page, fault) = await home.Queries(ledger).SearchAsync(new() { Query = text }, CancellationToken.None);
            Assert.True(page is not null, $"{fault}");
        }
    }

    [Fact]
    public async Task The_content_of_a_claim_check_is_found()
    {
        using var home = new TemporaryHome();
        var given = new Given(17);
        var ledger = new MemoryLedger();
        var bytes = Encoding.UTF8.GetBytes("""{"jsonrpc":"2.0","id":1,"result":{"content":[{"type":"text","text":"the needle lies here"}]}}""");
        await ledger.TryPutAsync(Digest.Of(bytes), bytes, CancellationToken.None);
        var content = new Content { Size = bytes.Length, Sha256 = Digest.Of(bytes), Blob = $"sha256/{Digest.Of(bytes)}" };
        given.Append(ledger, given.Completed(given.NewId(), "alice", "files", "read_file", "s-1", "x", CallOutcome.Ok, 5) with { Response = content });
        given.Append(ledger, given.Completed(given.NewId(), "alice", "files", "read_file", "s-1", "x", CallOutcome.Ok, 5) with { Response = content with { Sha256 = Digest.Of("gone"u8) } });
        await home.FoldAsync(ledger);

        Assert.Single(await AllPagesAsync(home.Queries(ledger), "needle"));
        Assert.Single(await AllPagesAsync(home.Queries(ledger), "unread: missing"));
    }

    [Fact]
    public async Task A_claim_check_that_is_no_json_or_longer_than_is_indexed_is_found_and_says_so()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(22), new MemoryLedger());
        await given.AppendClaimsAsync(ledger);
        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        Assert.Single(await AllPagesAsync(queries, "\"bad gateway\" and unread: encoded"));
        Assert.Single(await AllPagesAsync(queries, "beginning and opening and unread: long and not unread: encoded"));
        Assert.Single(await AllPagesAsync(queries, "unread: encoded"));
        Assert.Single(await AllPagesAsync(queries, "unread: long"));
        Assert.Single(await AllPagesAsync(queries, "modest and not unread: *"));
        Assert.Empty(await AllPagesAsync(queries, "unreached"));
    }

    [Fact]
    public async Task Hostile_content_is_folded_found_and_rebuilt_like_any_other()
    {
        using var home = new TemporaryHome();
        var (given, ledger) = (new Given(18), new MemoryLedger());
        var deep = Encoding.UTF8.GetBytes(new string('[', 60) + "\"bottom\"" + new string(']', 60));
        var wide = Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Range(0, 9_000).Select(i => $"\"filler{i}\"")) + ",\"unreached\"]");
        foreach (var (name, session, content) in new[]
        {
            ("nul\0tool", "s'; DROP TABLE event; --", deep), (new string('n', 30_000), "s\0\"=*%", wide), ("server=files", "?", "{\"a\":\"\\ud800x\",\"b\":\"needle\"}"u8.ToArray()), ("", " ", "null"u8.ToArray()),
        })
        {
            var json = new Content { Size = content.Length, Sha256 = Digest.Of(content), Json = RawJson.FromTrusted(content) };
            given.Append(ledger, given.Intended(given.NewId(), "\0", "files", name, session, "x") with { Request = json });
        }

        await home.FoldAsync(ledger);
        var queries = home.Queries(ledger);

        Assert.Single(await AllPagesAsync(queries, "bottom"));
        Assert.Single(await AllPagesAsync(queries, "needle"));
        Assert.Empty(await AllPagesAsync(queries, "unreached"));
        Assert.Single(await AllPagesAsync(queries, "unread: long"));
        Assert.Single(await AllPagesAsync(queries, "tool: \"nul\0tool\""));
        Assert.Single(await AllPagesAsync(queries, $"tool: {new string('n', 500)}*"));
        Assert.Single(await AllPagesAsync(queries, "session: \"s'; DROP TABLE event; --\""));
        Assert.Equal(4, (await AllPagesAsync(queries, "server: files")).Count);
        Assert.NotNull(await queries.SessionAsync("s\0\"=*%", CancellationToken.None));
        Assert.True((await home.RebuildAsync(ledger)).Identical);
    }

    private static List<SearchDocument> Documents(MemoryLedger ledger)
    {
        var terms = SearchDocuments.NewTerms();
        return [.. ledger.Partitions.SelectMany(ledger.Of).Select(r => EventReader.TryRead(r.Bytes.Span, out var e, out _)
            ? SearchDocuments.Of(e!, new Dictionary<Digest, ReadOnlyMemory<byte>>(), terms)
            : throw new InvalidOperationException("The generator writes events."))];
    }

    private static async Task<List<string>> AllPagesAsync(LedgerQueries queries, string text)
    {
        var found = new List<string>();
        string? cursor = null;
        do
        {
            var (page, fault) = await queries.SearchAsync(new() { Query = text, Housekeeping = true, Limit = 200, Cursor = cursor, Summary = false }, CancellationToken.None);
            Assert.True(page is not null, $"{text}: {fault}");
            found.AddRange(page.Hits.Select(h => h.Event));
            cursor = page.Cursor;
        }
        while (cursor is not null);
        return found;
    }
}
