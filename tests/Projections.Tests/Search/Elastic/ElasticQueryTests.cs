using System.Buffers;
using System.Text;
using System.Text.Json;
using McpLedger.Contracts.Search;
using McpLedger.Projections.Search.Elastic;

namespace McpLedger.Projections.Tests.Search.Elastic;

public sealed class ElasticQueryTests
{
    /// <summary>Most parentheses inside each other that the language takes.</summary>
    public static int Levels { get; } = Enumerable.Range(1, 100).Last(n => QueryParser.TryParse(new string('(', n) + "a1" + new string(')', n), Given.Start, out _, out _));

    [Theory]
    [InlineData("", """{"match_all":{}}""")]
    [InlineData("word", """{"term":{"text":{"value":"word"}}}""")]
    [InlineData("wor*", """{"prefix":{"text":{"value":"wor"}}}""")]
    [InlineData("\"two words\"", """{"match_phrase":{"text":{"query":"two words","analyzer":"whitespace"}}}""")]
    [InlineData("/etc/pass*", """{"match_phrase_prefix":{"text":{"query":"etc pass","analyzer":"whitespace","max_expansions":65536}}}""")]
    [InlineData("server: Demo", """{"term":{"server":{"value":"demo"}}}""")]
    [InlineData("tool: read*", """{"prefix":{"tool":{"value":"read"}}}""")]
    [InlineData("status >= 400", """{"range":{"status":{"gte":400,"lte":9223372036854775807}}}""")]
    [InlineData("status: [5 TO 4]", """{"match_none":{}}""")]
    [InlineData("outcome: *", """{"exists":{"field":"outcome"}}""")]
    [InlineData("not a1", """{"bool":{"must_not":[{"term":{"text":{"value":"a1"}}}]}}""")]
    [InlineData("not not a1", """{"bool":{"filter":[{"term":{"text":{"value":"a1"}}}]}}""")]
    [InlineData("a1 (b1 or (c1 or d1)) not (e1 or f1)", """{"bool":{"filter":["a1"],"must_not":["e1","f1"],"should":["b1","c1","d1"],"minimum_should_match":1}}""")]
    [InlineData("(a1 or b1) (c1 or d1)", """{"bool":{"filter":[{"bool":{"should":["c1","d1"],"minimum_should_match":1}}],"should":["a1","b1"],"minimum_should_match":1}}""")]
    [InlineData("not (a1 b1)", """{"bool":{"must_not":[{"bool":{"filter":["a1","b1"]}}]}}""")]
    public void A_query_is_written_in_the_engines_language(string text, string expected)
    {
        // A bare string in what is expected stands for its term.
        expected = System.Text.RegularExpressions.Regex.Replace(expected, "(?<=[\\[,])\"([a-f]1)\"", """{"term":{"text":{"value":"$1"}}}""", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1));

        Assert.Equal(expected, Write(Read(text)));
    }

    [Theory]
    [InlineData("\"x\\\"}},{\\\"match_all\\\":{}}\"")]
    [InlineData("server: \"\\\"}}]}}\"")]
    [InlineData("server: \"\0\u0001\u2028\r\n\"")]
    [InlineData("tool: \"*\"")]
    [InlineData("tool: \"{{script}}\"")]
    public void A_value_is_never_anything_but_a_value(string text)
    {
        using var document = JsonDocument.Parse(Write(Read(text)));

        Assert.Contains(document.RootElement.EnumerateObject().Single().Name, new[] { "term", "match_phrase" });
    }

    [Fact]
    public void Every_level_that_the_language_allows_costs_one_level_of_the_engines()
    {
        string[] texts =
        [
            string.Concat(Enumerable.Repeat("(a1 or b1 ", Levels)) + "c1" + new string(')', Levels), string.Concat(Enumerable.Repeat("(a1 (b1 or ", Levels / 2)) + "c1" + new string(')', Levels / 2 * 2),
            string.Concat(Enumerable.Repeat("not (a1 or b1 ", Levels / 2)) + "c1" + new string(')', Levels / 2),
        ];

        Assert.All(texts, text => Assert.InRange(Write(Read(text)).Split("\"bool\"").Length - 1, 1, Levels + 1));
    }

    private static SearchQuery Read(string text)
    {
        Assert.True(QueryParser.TryParse(text, Given.Start, out var query, out var fault), $"{text}: {fault}");
        return query;
    }

    private static string Write(SearchQuery query)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, ElasticJson.Options);
        ElasticQuery.Write(json, query);
        json.Flush();
        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}
