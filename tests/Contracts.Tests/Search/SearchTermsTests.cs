using System.Text;
using CsCheck;
using McpLedger.Contracts.Search;

namespace McpLedger.Contracts.Tests.Search;

public sealed class SearchTermsTests
{
    [Theory]
    [InlineData("Ordinary Words", "ordinary words")]
    [InlineData("read_file read-file read.file", "read file read file read file")]
    [InlineData("readFile", "readfile read file")]
    [InlineData("HTTPServerError", "httpservererror http server error")]
    [InlineData("https://api.example.com/v1?id=42", "https api example com v1 id 42")]
    [InlineData("/etc/passwd", "etc passwd")]
    [InlineData("Straße ÉCOLE", "straße école")]
    [InlineData("東京タワー", "東 京 タ ワ ー")]
    [InlineData("e\u0301a", "e\u0301a")]
    [InlineData("a\0b\ud800c", "a b c")]
    [InlineData("!?*", "")]
    public void Text_becomes_terms(string text, string terms)
    {
        var list = new TermList(100, 1_000);
        SearchTerms.Append(text, list);
        Assert.Equal(terms, list.ToString());
    }

    [Fact]
    public void Names_strings_and_whole_numbers_of_a_message_are_indexed_and_its_envelope_is_not()
    {
        var list = new TermList(100, 1_000);
        JsonTerms.Append("""{"jsonrpc":"2.0","id":"abc","method":"tools/call","params":{"fileName":"a\u0062c","n":[1,2.5,true,null,-3],"id":"deep"}}"""u8, list);
        Assert.Equal("params filename file name abc n 1 3 id deep", list.ToString());
    }

    [Fact]
    public void What_is_no_json_gives_the_terms_before_the_fault()
    {
        var list = new TermList(100, 1_000);
        JsonTerms.Append("""{"a":"first","b":"sec"""u8, list);
        Assert.Equal("a first b", list.ToString());
        JsonTerms.Append(Encoding.UTF8.GetBytes(new string('[', 10_000)), list);
    }

    [Theory]
    [InlineData("""{"a":"first","b":"sec""", "a first b sec")]
    [InlineData("""{"a":"one\ntwo\""", "a one two")]
    [InlineData("""{"a":"one\\two\u00""", "a one two")]
    [InlineData("""["a", "b" , """, "a b")]
    [InlineData("""{"a":1,"bee""", "a 1 bee")]
    [InlineData("""{"id":{"x":1},"a":12""", "a")]
    [InlineData("", "")]
    public void Of_the_beginning_of_a_value_the_string_in_which_it_ends_is_read_as_far_as_it_goes(string json, string terms)
    {
        var list = new TermList(100, 1_000);
        Assert.True(JsonTerms.TryAppend(Encoding.UTF8.GetBytes(json), isWhole: false, list, out _));
        Assert.Equal(terms, list.ToString());
    }

    [Fact]
    public void A_character_that_is_cut_in_two_is_left_out()
    {
        var list = new TermList(100, 1_000);
        Assert.True(JsonTerms.TryAppend("""["one caf\u0065 é"""u8[..^1], isWhole: false, list, out _));
        Assert.Equal("one cafe", list.ToString());
    }

    [Theory]
    [InlineData("<html>gone</html>", 0)]
    [InlineData("""{"a":1} trailing""", 8)]
    public void Where_bytes_are_no_json_it_says_from_where_on(string text, int expected)
    {
        Assert.False(JsonTerms.TryAppend(Encoding.UTF8.GetBytes(text), isWhole: true, new(100, 1_000), out var read));
        Assert.InRange(read, expected - 1, expected);
    }

    [Theory]
    [InlineData("""{"a":"\ud800 hidden","b":"needle"}""")]
    [InlineData("""{"\udc00":1,"b":"needle"}""")]
    [InlineData("{\"a\":\"\u0000\u001f\",\"b\":\"needle\"}", false)]
    public void One_broken_string_hides_no_other(string json, bool valid = true)
    {
        var list = new TermList(100, 1_000);
        JsonTerms.Append(Encoding.UTF8.GetBytes(json), list);
        Assert.Equal(valid, list.ToList().Contains("needle"));
    }

    [Fact]
    public void A_long_word_is_cut_alike_in_documents_and_queries()
    {
        var word = new string('x', 500);
        var list = new TermList(10, 1_000);
        SearchTerms.Append(word, list);
        Assert.Equal(SearchTerms.LongestTerm, list.ToString().Length);
        Assert.Equal([list.ToString()], SearchTerms.OfQuery(word, prefix: false, 10));
    }

    [Fact]
    public void A_full_list_says_that_it_was_cut()
    {
        var list = new TermList(2, 1_000);
        SearchTerms.Append("one two three", list);
        Assert.True(list.Cut);
        Assert.Equal("one two", list.ToString());
    }

    [Fact]
    public void Terms_hold_letters_and_digits_only_whatever_the_text_is() =>
        Gen.String[0, 200].Sample(
            text =>
            {
                var list = new TermList(1_000, 10_000);
                SearchTerms.Append(text, list);
                var terms = list.ToList();
                return terms.Count == list.Count && terms.All(t => t.Length is > 0 and <= SearchTerms.LongestTerm && t.IndexOfAny(['=', '?', '^', '"', '\0', ' ']) < 0);
            },
            iter: 20_000);

    [Fact]
    public void Every_word_of_a_text_is_found_by_asking_for_it() =>
        Gen.String[Gen.OneOf(Gen.Char['a', 'z'], Gen.Char['A', 'Z'], Gen.Char['0', '9'], Gen.Int[0, 4].Select(i => "éß _東"[i])), 1, 60].Sample(
            text =>
            {
                var list = new TermList(1_000, 10_000);
                SearchTerms.Append(text, list);
                return text.Split([' ', '_'], StringSplitOptions.RemoveEmptyEntries).All(word =>
                    $" {list} ".Contains($" {string.Join(' ', SearchTerms.OfQuery(word, prefix: false, 100))} ", StringComparison.Ordinal));
            },
            iter: 20_000);
}
