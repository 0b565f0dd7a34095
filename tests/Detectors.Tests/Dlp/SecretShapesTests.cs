namespace McpLedger.Detectors.Tests.Dlp;

/// <summary>Key files as they stand in what people paste.</summary>
public sealed class SecretShapesTests
{
    public static TheoryData<string, string> Lines => new()
    {
        { "", "" }, { "+", "" }, { "-", "" }, { "> ", "" }, { "# ", "" }, { "// ", "" }, { "//", "" }, { "    1\t", "" }, { "12: ", "" }, { "\"", "\\n\" +" }, { "    '", "\\n'" }, { " * ", "" },
    };

    [Theory, MemberData(nameof(Lines))]
    public void A_key_is_found_whatever_stands_before_and_behind_its_lines(string before, string after) =>
        Assert.Equal("private-key", Assert.Single(Searching.Text(Key(before, after, "\n"))).Rule);

    [Theory]
    [InlineData("")]
    [InlineData("+")]
    [InlineData("> ")]
    public void A_key_is_found_in_lines_whose_ends_are_written_out(string before) => Assert.Equal("private-key", Assert.Single(Searching.Text(Key(before, "", "\\n"))).Rule);

    [Fact]
    public void Lines_that_are_no_key_are_none() =>
        Assert.Empty(Searching.Text(Key("+", "", "\n").Replace("MII", "abc", StringComparison.Ordinal)));

    private static string Key(string before, string after, string end)
    {
        byte[] key = [0x30, 0x82, 0x02, 0x5c, 0x02, 0x01, 0x00, .. Enumerable.Range(0, 600).Select(i => (byte)((i * 167) + (i / 7 * 13)))];
        var digits = Convert.ToBase64String(key);
        string[] lines = ["-----BEGIN RSA PRIVATE KEY-----", .. digits.Chunk(64).Select(line => new string(line)), "-----END RSA PRIVATE KEY-----"];
        return string.Join(end, lines.Select(line => before + line + after));
    }
}
