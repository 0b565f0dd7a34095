using System.Text;
using McpLedger.Contracts.Events;
using McpLedger.Contracts.Integrity;
using McpLedger.Projections.Search;
using McpLedger.Testing.Search;

namespace McpLedger.Projections.Tests.Search.Elastic;

/// <summary>Both engines give the answers of the embedded index, which gives those of the evaluator.</summary>
public sealed class ElasticAgreementTests(SearchServers servers)
{
    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task A_thousand_queries_give_the_same_hits_order_totals_facets_and_histogram_as_the_embedded_index(SearchEngine engine)
    {
        var ledger = new Given(11).Ledger(600);
        await using var rig = new ElasticRig(ElasticRig.OptionsOf(await servers.AddressAsync(engine)), ledger);
        using var home = new TemporaryHome();
        await home.FoldAsync(ledger);
        await rig.IndexAsync();
        var (embedded, elastic) = (home.Queries(ledger), rig.Queries(home));
        var generator = new QueryGenerator(12);
        var matched = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 1_000).Select(_ => generator.Next()).ToArray(), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (text, _) =>
        {
            var expected = await ElasticRig.AllAsync(embedded, text);

            var found = await ElasticRig.AllAsync(elastic, text);

            Assert.True(expected.SequenceEqual(found), $"{text}\nexpected {expected.Count} hits, found {found.Count}, or in another order");
            await AssertSameSummaryAsync(embedded, elastic, text);
            Interlocked.Add(ref matched, expected.Count is > 0 and < 600 ? 1 : 0);
        });

        Assert.True(matched > 500, $"Only {matched} of the queries told documents apart.");
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Pages_of_any_size_are_one_list_and_a_cursor_means_the_same_in_both_indices(SearchEngine engine)
    {
        var ledger = new Given(31).Ledger(150);
        await using var rig = new ElasticRig(ElasticRig.OptionsOf(await servers.AddressAsync(engine)), ledger);
        using var home = new TemporaryHome();
        await home.FoldAsync(ledger);
        await rig.IndexAsync();
        var whole = await ElasticRig.AllAsync(rig.Queries(home), "server: files");

        Assert.Equal(whole, await ElasticRig.AllAsync(rig.Queries(home), "server: files", limit: 3));
        var (first, _) = await home.Queries(ledger).SearchAsync(new() { Query = "server: files", Housekeeping = true, Limit = 7, Summary = false }, CancellationToken.None);
        var (second, _) = await rig.Queries(home).SearchAsync(new() { Query = "server: files", Housekeeping = true, Limit = 7, Summary = false, Cursor = first!.Cursor }, CancellationToken.None);
        Assert.Equal(whole.Skip(7).Take(7), second!.Hits);
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task The_deepest_and_the_longest_queries_run(SearchEngine engine)
    {
        var ledger = new Given(16).Ledger(60);
        await using var rig = new ElasticRig(ElasticRig.OptionsOf(await servers.AddressAsync(engine)), ledger);
        using var home = new TemporaryHome();
        await home.FoldAsync(ledger);
        await rig.IndexAsync();
        var levels = ElasticQueryTests.Levels;
        string[] texts =
        [
            string.Concat(Enumerable.Repeat("(tool: a or server: files and ", levels)) + "kind: agent" + new string(')', levels),
            string.Concat(Enumerable.Repeat("(tool: a or not server: b and ", levels - 1)) + "kind: agent" + new string(')', levels - 1),
            string.Concat(Enumerable.Repeat("(tool: a and server: files or ", levels)) + "kind: agent" + new string(')', levels),
            string.Concat(Enumerable.Repeat("not (tool: a and ", levels / 2)) + "kind: agent" + new string(')', levels / 2),
            string.Concat(Enumerable.Repeat("not (tool: a or ", levels / 2)) + "kind: agent" + new string(')', levels / 2),
            string.Join(" or ", Enumerable.Range(0, 250).Select(i => $"w{i}")),
            string.Join(" or ", Enumerable.Range(0, 60).Select(i => $"(duration > {i}s and not tool: t{i})")),
            $"\"{string.Join(' ', Enumerable.Repeat("ordinary", 32))}\"",
            new string('x', 4_000),
            $"tool: {new string('n', 4_000)}*",
        ];

        foreach (var text in texts)
        {
            var expected = await ElasticRig.AllAsync(home.Queries(ledger), text);
            Assert.Equal(expected, await ElasticRig.AllAsync(rig.Queries(home), text));
        }
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Hostile_content_is_indexed_and_found_like_any_other(SearchEngine engine)
    {
        var (given, ledger) = (new Given(18), new MemoryLedger());
        var wide = Encoding.UTF8.GetBytes("[" + string.Join(',', Enumerable.Range(0, 12_000).Select(i => $"\"filler{i}\"")) + ",\"unreached\"]");
        foreach (var (name, session, content) in new[]
        {
            ("nul\0tool", "s'; DROP TABLE event; --", Encoding.UTF8.GetBytes(new string('[', 60) + "\"bottom\"" + new string(']', 60))), (new string('n', 30_000), "s\0\"=*%", wide),
            ("\"}},{\"match_all\":{}}", "?", "{\"a\":\"\\ud800x\",\"b\":\"needle\"}"u8.ToArray()), ("line\nend\u2028\u0001", " ", "null"u8.ToArray()), (new string('東', 9_000), "x", Encoding.UTF8.GetBytes($"\"{new string('q', 60_000)}\"")),
        })
        {
            var json = new Content { Size = content.Length, Sha256 = Digest.Of(content), Json = RawJson.FromTrusted(content) };
            given.Append(ledger, given.Intended(given.NewId(), "\0", "files", name, session, "x") with { Request = json });
        }

        await using var rig = new ElasticRig(ElasticRig.OptionsOf(await servers.AddressAsync(engine)), ledger);
        using var home = new TemporaryHome();
        await home.FoldAsync(ledger);
        await rig.IndexAsync();

        string[] texts =
        [
            "bottom", "needle", "unreached", "filler8000", "unread: long", "tool: \"nul\0tool\"", $"tool: {new string('n', 500)}*", "session: \"s'; DROP TABLE event; --\"", "server: files",
            "tool: \"\\\"}},{\\\"match_all\\\":{}}\"", "tool: \"line\nend\u2028\u0001\"", $"tool: {new string('東', 300)}*", "qqqq*", "session: \"\\ud800\"", "\"OR _id\"", "server: \"*\"",
        ];
        foreach (var text in texts)
        {
            var (expected, found) = (await ElasticRig.AllAsync(home.Queries(ledger), text), await ElasticRig.AllAsync(rig.Queries(home), text));
            Assert.True(expected.SequenceEqual(found), $"{text}: expected {expected.Count}, found {found.Count}");
        }
    }

    [Theory, InlineData(SearchEngine.Elasticsearch), InlineData(SearchEngine.OpenSearch)]
    public async Task Claim_checks_that_are_no_json_or_too_long_say_so_alike(SearchEngine engine)
    {
        var (given, ledger) = (new Given(22), new MemoryLedger());
        await given.AppendClaimsAsync(ledger);
        await using var rig = new ElasticRig(ElasticRig.OptionsOf(await servers.AddressAsync(engine)), ledger);
        using var home = new TemporaryHome();
        await home.FoldAsync(ledger);
        await rig.IndexAsync();

        foreach (var (text, hits) in new[] { ("\"bad gateway\"", 1), ("unread: encoded", 1), ("unread: long", 1), ("beginning", 1), ("unreached", 0), ("modest and not unread: *", 1) })
        {
            var (expected, found) = (await ElasticRig.AllAsync(home.Queries(ledger), text), await ElasticRig.AllAsync(rig.Queries(home), text));
            Assert.True(expected.SequenceEqual(found) && found.Count == hits, $"{text}: embedded {expected.Count}, engine {found.Count}");
        }
    }

    private static async Task AssertSameSummaryAsync(LedgerQueries embedded, LedgerQueries elastic, string text)
    {
        var request = new SearchRequest { Query = text, Housekeeping = true, Limit = 1 };
        var expected = (await embedded.SearchAsync(request, CancellationToken.None)).Value!.Summary!;
        var counted = (await elastic.SearchAsync(request, CancellationToken.None)).Value!.Summary!;
        Assert.Equal((expected.Total, expected.Basis), (counted.Total, counted.Basis));
        Assert.Equal(expected.Histogram.IntervalMicros, counted.Histogram.IntervalMicros);
        Assert.Equal(expected.Histogram.Buckets, counted.Histogram.Buckets);
        foreach (var (facet, other) in expected.Facets.Zip(counted.Facets))
        {
            Assert.Equal(facet.Field, other.Field);
            Assert.Equal(facet.Values, other.Values);
        }
    }
}
