using McpLedger.Contracts.Mcp;

namespace McpLedger.Contracts.Tests.Mcp;

public sealed class JsonVectorTests
{
    private static readonly string[] TwiceNamed = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

    [Fact]
    public void Every_valid_vector_is_json_but_for_the_two_whose_key_stands_twice()
    {
        foreach (var (name, kind) in Read("y_*.json"))
        {
            Assert.Equal((name, TwiceNamed.Contains(name) ? JsonFaultKind.Duplicate : JsonFaultKind.None), (name, kind));
        }
    }

    [Fact]
    public void Every_invalid_vector_is_refused()
    {
        foreach (var (name, kind) in Read("n_*.json"))
        {
            Assert.NotEqual((name, JsonFaultKind.None), (name, kind));
        }
    }

    [Theory]
    [InlineData("i_object_key_lone_2nd_surrogate.json", nameof(JsonFaultKind.NameNotUnicode))]
    [InlineData("i_string_1st_surrogate_but_2nd_missing.json", nameof(JsonFaultKind.None))]
    [InlineData("i_string_invalid_lonely_surrogate.json", nameof(JsonFaultKind.None))]
    [InlineData("i_string_lone_utf8_continuation_byte.json", nameof(JsonFaultKind.InvalidUtf8))]
    [InlineData("i_string_UTF8_surrogate_U+D800.json", nameof(JsonFaultKind.InvalidUtf8))]
    [InlineData("i_string_overlong_sequence_2_bytes.json", nameof(JsonFaultKind.InvalidUtf8))]
    [InlineData("i_string_truncated-utf-8.json", nameof(JsonFaultKind.InvalidUtf8))]
    [InlineData("i_string_utf16LE_no_BOM.json", nameof(JsonFaultKind.InvalidUtf8))]
    [InlineData("i_structure_UTF-8_BOM_empty_object.json", nameof(JsonFaultKind.ByteOrderMark))]
    [InlineData("i_structure_500_nested_arrays.json", nameof(JsonFaultKind.TooDeep))]
    [InlineData("i_number_huge_exp.json", nameof(JsonFaultKind.None))]
    [InlineData("i_number_too_big_pos_int.json", nameof(JsonFaultKind.None))]
    public void What_the_grammar_leaves_open_is_decided_one_way(string name, string kind)
    {
        var (_, actual) = Assert.Single(Read(name));
        Assert.Equal(kind, actual.ToString());
    }

    private static IEnumerable<(string Name, JsonFaultKind Kind)> Read(string pattern)
    {
        var files = Directory.GetFiles(Path.Combine(SharedVectors.Folder("json-parsing"), "test_parsing"), pattern);
        Assert.NotEmpty(files);
        return files.Select(file => (Path.GetFileName(file), McpReader.Validate(File.ReadAllBytes(file), McpLimits.Default).Kind));
    }
}
