using CsCheck;
using McpLedger.Contracts.Search;

namespace McpLedger.Contracts.Tests.Search;

public sealed class QueryParserTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("", "*")]
    [InlineData("*", "*")]
    [InlineData("timeout", "\"timeout\"")]
    [InlineData("Time Out", "(\"time\") and (\"out\")")]
    [InlineData("\"Time Out\"", "\"time out\"")]
    [InlineData("read_file", "\"read file\"")]
    [InlineData("readFile", "\"readfile\"")]
    [InlineData("fs/readFi*", "fs-readfi*")]
    [InlineData("a b or c", "((\"a\") and (\"b\")) or (\"c\")")]
    [InlineData("not* found", "(not*) and (\"found\")")]
    [InlineData("and* or or*", "(and*) or (or*)")]
    [InlineData("\\not*", "not*")]
    [InlineData("not a and b", "(not (\"a\")) and (\"b\")")]
    [InlineData("server: Demo", "server: \"demo\"")]
    [InlineData("SERVER:Demo", "server: \"demo\"")]
    [InlineData("gen_ai.tool.name: read*", "tool: read*")]
    [InlineData("server: (a or b)", "(server: \"a\") or (server: \"b\")")]
    [InlineData("tool: *", "tool: *")]
    [InlineData("name: file:///etc/passwd", "name: \"file:///etc/passwd\"")]
    [InlineData("peer: ::1", "peer: \"::1\"")]
    [InlineData("status >= 400", "status: [400 TO *]")]
    [InlineData("status: >=400", "status: [400 TO *]")]
    [InlineData("status > 400", "status: [401 TO *]")]
    [InlineData("status: [400 TO 499]", "status: [400 TO 499]")]
    [InlineData("code: -32602", "code: [-32602 TO -32602]")]
    [InlineData("duration > 1.5s", "duration: [1500001us TO *]")]
    [InlineData("duration < 250", "duration: [* TO 249999us]")]
    [InlineData("size >= 10kb", "size: [10240 TO *]")]
    [InlineData("time >= now-1h", "time: [1795518000000000us TO *]")]
    [InlineData("time: 2026-11-24", "time: [1795478400000000us TO 1795564799999999us]")]
    [InlineData("time > 2026-11-24", "time: [1795564800000000us TO *]")]
    [InlineData("time: 2026-11-24T10:00:00.123Z", "time: [1795514400123000us TO 1795514400123999us]")]
    [InlineData("time: 2026-11-24T10:00:00.5", "time: [1795514400500000us TO 1795514400599999us]")]
    [InlineData("time <= 2026-11-24T10:00:00.12+00:00", "time: [* TO 1795514400129999us]")]
    [InlineData("time > 2026-11-24T10:00:00.123Z", "time: [1795514400124000us TO *]")]
    [InlineData("time: 2026-11-24T10:00:00.123456Z", "time: [1795514400123456us TO 1795514400123456us]")]
    [InlineData("time: 2026-11-24T10:00:00.1234567+00:00", "time: [1795514400123456us TO 1795514400123456us]")]
    [InlineData("text: (slow and \"time out\")", "(\"slow\") and (\"time out\")")]
    public void Queries_read_as_what_they_say(string text, string meaning)
    {
        Assert.True(QueryParser.TryParse(text, Now, out var query, out var fault), $"{fault}");
        Assert.Equal(meaning, query.ToString());
    }

    [Theory]
    [InlineData("serverr: demo", 0, "server")]
    [InlineData("a and", 5, "word")]
    [InlineData("(a or b", 7, "')'")]
    [InlineData("a)", 1, "'and'")]
    [InlineData("\"never closed", 0, "word")]
    [InlineData("status: many", 8, "whole number")]
    [InlineData("server > a", 9, "':'")]
    [InlineData("time >= yesterday", 8, "time")]
    [InlineData("time: 2026-11-24T10:00:00.12345678Z", 6, "time")]
    [InlineData("status: [1 2]", 11, "'TO'")]
    [InlineData("fi*le", 0, "'*' only at the end")]
    [InlineData("!!!", 0, "letters or digits")]
    [InlineData("a*", 0, "two letters")]
    [InlineData("server:", 7, "value")]
    [InlineData("or a", 0, "word")]
    [InlineData("and a", 0, "word")]
    public void A_fault_says_where_what_and_what_instead(string text, int position, string expected)
    {
        Assert.False(QueryParser.TryParse(text, Now, out _, out var fault));
        Assert.Equal(position, fault.Position);
        Assert.Contains(expected, $"{fault.Expected} {fault.Fix}", StringComparison.Ordinal);
        Assert.NotEmpty(fault.Found);
    }

    [Fact]
    public void What_is_too_long_too_deep_or_too_much_is_refused()
    {
        foreach (var text in new[]
        {
            new string('a', QueryParser.Longest + 1), new string('(', 100) + "a" + new string(')', 100), string.Concat(Enumerable.Repeat("not ", 100)) + "a",
            string.Join(' ', Enumerable.Repeat("a", QueryParser.MostClauses + 1)),
        })
        {
            Assert.False(QueryParser.TryParse(text, Now, out _, out var fault));
            Assert.Contains("at most", fault.Expected, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Any_text_reads_or_is_refused_and_what_reads_reads_the_same_when_written_out()
    {
        string[] pieces =
        [
            "(", ")", "[", "]", ":", "*", "\"", "\\", " ", ">", ">=", "<", "<=", "and", "or", "not", "TO", "server", "status", "time", "duration", "text", "now-1d", "2026-11-24", "5s", "404", "readFile",
            "/etc/passwd", "東京", "é", "\0", "\ud800", "-", "read*", "x", "İ", "ß", "a\\*b", "now+", "99999999999999999999", "[* TO *]",
        ];
        Gen.Select(Gen.OneOf(Gen.Int[0, pieces.Length - 1].Select(i => pieces[i]), Gen.String[0, 4]).Array[0, 24], Gen.Bool, (parts, spaced) => string.Join(spaced ? " " : "", parts)).Sample(
            text =>
            {
                if (!QueryParser.TryParse(text, Now, out var query, out var fault))
                {
                    return fault.Position >= 0 && fault.Position <= text.Length;
                }

                var written = query.ToString();
                return written.Length > QueryParser.Longest
                    || (QueryParser.TryParse(written, Now, out var again, out var second) ? again.ToString() == written : second.Expected.StartsWith("at most", StringComparison.Ordinal));
            },
            iter: 20_000);
    }
}
